// Starts the training program; what it cannot say itself any more is said here.
importScripts("wasm_exec.js");
const go = new Go();
const fail = (text) => postMessage(JSON.stringify({ kind: "error", error: text }));
go.exit = (code) => fail("the training program ended (code " + code + "); reset to start again");
const late = Number(new URLSearchParams(location.search).get("late") || 0); // tests: a worker that starts late
setTimeout(() => WebAssembly.instantiateStreaming(fetch("worker.wasm"), go.importObject)
  .then((r) => go.run(r.instance)).catch((e) => fail(String(e))), late);
