package wgpu_test

import (
	"testing"

	"hlrslab/core/gpu/gputest"
	"hlrslab/tools/wgpu/wgputest"
)

func TestDriver(t *testing.T) { gputest.Check(t, wgputest.Driver(t)) }
