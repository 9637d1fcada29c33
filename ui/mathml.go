package ui

import "strings"

func display(parts ...string) string {
	return `<math display="block">` + strings.Join(parts, "") + `</math>`
}

func mi(s string) string                    { return "<mi>" + s + "</mi>" }
func mn(s string) string                    { return "<mn>" + s + "</mn>" }
func mo(s string) string                    { return "<mo>" + s + "</mo>" }
func mtext(s string) string                 { return "<mtext>" + s + "</mtext>" }
func mrow(parts ...string) string           { return "<mrow>" + strings.Join(parts, "") + "</mrow>" }
func msup(base, above string) string        { return "<msup>" + base + above + "</msup>" }
func msub(base, below string) string        { return "<msub>" + mi(base) + below + "</msub>" }
func msubsup(base, below, up string) string { return "<msubsup>" + base + below + up + "</msubsup>" }
func munder(base, below string) string      { return "<munder>" + base + below + "</munder>" }
func mover(base, above string) string       { return `<mover accent="true">` + base + above + "</mover>" }
func mfrac(above, below string) string      { return "<mfrac>" + above + below + "</mfrac>" }
