const go = new Go();
WebAssembly.instantiateStreaming(fetch("public/page.wasm"), go.importObject)
  .then((r) => go.run(r.instance))
  .catch((e) => { document.getElementById("lab").textContent = "The laboratory could not start: " + e; });
