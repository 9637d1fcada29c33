// Starts the training program; what it cannot say itself any more is said here.
importScripts("wasm_exec.js");
const go = new Go();
const lost = (text) => postMessage(JSON.stringify({ kind: "lost", error: text }));
go.exit = (code) => lost("The training program ended by itself (code " + code + "), perhaps for want of memory. Reset to start again.");
WebAssembly.instantiateStreaming(fetch("worker.wasm"), go.importObject)
  .then((r) => go.run(r.instance)).catch((e) => lost("The training program could not start: " + e + ". Reset to try again."));
