// Starts the laboratory, and does what Go cannot reach: the store of runs, and folders that are dropped.
"use strict";

// labStore keeps runs in IndexedDB: what is known of each, and apart from it, for it is large, its file.
const labStore = (() => {
  const open = new Promise((resolve, reject) => {
    const r = indexedDB.open("hlrs-lab", 2);
    r.onupgradeneeded = () => {
      for (const name of r.result.objectStoreNames) r.result.deleteObjectStore(name); // an older version's files cannot be gone on with
      for (const name of ["runs", "files"]) r.result.createObjectStore(name);
    };
    r.onsuccess = () => resolve(r.result);
    r.onerror = () => reject(r.error);
  });
  open.catch(() => {}); // said where it is first asked
  const ask = async (mode, f) => {
    const db = await open;
    return new Promise((resolve, reject) => {
      const t = db.transaction(["runs", "files"], mode);
      const r = f(t.objectStore("runs"), t.objectStore("files"));
      t.oncomplete = () => resolve(r.result);
      t.onabort = t.onerror = () => reject(t.error?.name === "QuotaExceededError"
        ? new Error("The storage for this page is full: delete runs that are not needed.") : t.error);
    });
  };
  return {
    put: (key, kept, file) => ask("readwrite", (runs, files) => { files.put(file, key); return runs.put(kept, key); }),
    file: (key) => ask("readonly", (_, files) => files.get(key)),
    delete: (key) => ask("readwrite", (runs, files) => { files.delete(key); return runs.delete(key); }),
    list: () => ask("readonly", (runs) => runs.getAll()),
  };
})();
window.labStore = labStore;

// labDropped lists the files of what was dropped, folders included, each with its path.
window.labDropped = (transfer) => {
  const walk = async (entry) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      file.path = entry.fullPath;
      return [file];
    }
    const reader = entry.createReader(), files = [];
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return files;
      for (const e of some) files.push(...await walk(e));
    }
  };
  const items = [...transfer.items].filter((i) => i.kind === "file").map((i) => [i.webkitGetAsEntry(), i.getAsFile()]);
  return Promise.all(items.map(([entry, file]) => entry ? walk(entry) : [file])).then((lists) => lists.flat());
};

(async () => {
  const say = (text) => { document.getElementById("lab").textContent = text; };
  if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") {
    say("This browser is too old for the laboratory: it needs WebAssembly and DecompressionStream (Chrome 80, Firefox 113, Safari 16.4, or newer).");
    return;
  }
  try {
    window.labModule = await labProgram("public/lab.wasm.gz"); // workers get it from here: it is loaded once
    const go = new Go();
    go.exit = (code) => say("The page's program ended by itself (code " + code + "). Load the page again: runs are kept at the end of every epoch.");
    go.run(await WebAssembly.instantiate(window.labModule, go.importObject));
  } catch (e) {
    say("The laboratory could not start: " + e);
  }
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("sw.js").catch(() => {}); // without it, there is no page offline
})();
