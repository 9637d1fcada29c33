"use strict";
// labProgram loads and compiles a program that is packed by Zstandard, unless the host has unpacked it already: what is unpacked
// is compiled while the rest is.
self.labProgram = async (name) => {
  const r = await fetch(name);
  if (!r.ok) throw new Error(name + ": status " + r.status);
  const raw = new Uint8Array(await r.arrayBuffer());
  if (raw[0] === 0) return WebAssembly.compile(raw); // "\0asm"
  const piece = 1 << 17;
  let at = 0, unpack;
  const stream = new ReadableStream({
    start(c) { unpack = new fzstd.Decompress((part) => c.enqueue(part)); },
    async pull(c) {
      await new Promise((on) => setTimeout(on)); // the page may paint in between
      const part = raw.subarray(at, at += piece);
      unpack.push(part, at >= raw.length);
      if (at >= raw.length) c.close();
    },
  });
  return WebAssembly.compileStreaming(new Response(stream, { headers: { "Content-Type": "application/wasm" } }));
};
