"use strict";
// labProgram loads and compiles a program that is packed by gzip, unless the host has unpacked it already.
const labProgram = async (name) => {
  const r = await fetch(name);
  if (!r.ok) throw new Error(name + ": status " + r.status);
  const raw = await r.arrayBuffer();
  if (new Uint8Array(raw, 0, 1)[0] !== 0x1f) return WebAssembly.compile(raw);
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compileStreaming(new Response(stream, { headers: { "Content-Type": "application/wasm" } }));
};
