// Starts the training program, whose compiled module the page sends first; or, as #figures or #images, the program that draws
// figures or reads images. What the program cannot say itself any more is said here.
"use strict";
importScripts("wasm_exec.js", "fzstd.js", "program.js");
const go = new Go();
if (self.location.hash) {
  const failed = (text) => postMessage({ id: 0, error: String(text) });
  const early = [];
  self.onmessage = (e) => early.push(e);
  labProgram(self.location.hash.slice(1) + ".wasm.zst")
    .then((m) => WebAssembly.instantiate(m, go.importObject))
    .then((i) => { go.run(i); early.forEach((e) => self.onmessage(e)); }).catch((e) => failed("The program could not start: " + e));
} else {
  const lost = (text) => postMessage([JSON.stringify({ kind: "lost", error: text })]);
  go.exit = (code) => lost("The training program ended by itself (code " + code + "), perhaps for want of memory. Rewind, or reset to start again.");
  self.onmessage = (e) => {
    self.onmessage = null;
    WebAssembly.instantiate(e.data, go.importObject).then((i) => go.run(i))
      .catch((e) => lost("The training program could not start: " + e + ". Reset to try again."));
  };
}
