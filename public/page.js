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
    r.onsuccess = () => {
      r.result.onversionchange = () => r.result.close(); // or another tab that deletes or renews the store would wait for this one
      resolve(r.result);
    };
    r.onerror = () => reject(r.error);
    r.onblocked = () => reject(new Error("Another tab holds the store of an older version: close it and load this page again."));
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
  // A run is written by one page at a time: the one that holds its lock, until it is closed or has the run no more. Where a browser
  // gives no locks (a page that is not from a secure origin), every page may.
  const mine = new Map(), asked = new Map(); // by key, what lets the lock go, and whether it was given
  const name = (key) => "hlrs-run-" + key;
  const request = (key, how) => new Promise((resolve) => navigator.locks.request(name(key), how, (lock) => {
    resolve(!!lock);
    if (lock) return new Promise((done) => mine.set(key, done));
  }).catch(() => resolve(false)));
  const hold = async (key) => {
    if (!navigator.locks) return true;
    if (!asked.has(key)) { // a page that is being loaded again may yet let go
      asked.set(key, request(key, { ifAvailable: true }).then((given) => given || request(key, { signal: AbortSignal.timeout(1000) })));
    }
    const given = await asked.get(key);
    if (!given) asked.delete(key);
    return given;
  };
  const others = new BroadcastChannel("hlrs-lab"); // the same page in other tabs
  others.onmessage = () => store.changed?.();
  document.addEventListener("visibilitychange", () => document.hidden || store.changed?.()); // a tab that was closed tells nobody
  const write = async (key, f) => {
    if (!await hold(key)) throw new Error("Another tab has this run open.");
    await ask("readwrite", f);
    others.postMessage("changed");
  };
  const store = {
    changed: null, // is called when another tab has changed what is kept
    put: (key, kept, file) => write(key, (runs, files) => { files.put(file, key); return runs.put(kept, key); }),
    delete: (key) => write(key, (runs, files) => { files.delete(key); return runs.delete(key); }),
    // file is a run's file, and whether this page may write it.
    file: async (key) => [await ask("readonly", (_, files) => files.get(key)), await hold(key)],
    // list is what is known of each run, and whether another tab has it open.
    list: async () => {
      const runs = await ask("readonly", (runs) => runs.getAll());
      const held = navigator.locks ? (await navigator.locks.query()).held.map((l) => l.name) : [];
      return runs.map((text) => {
        const key = JSON.parse(text).key;
        return [text, !mine.has(key) && held.includes(name(key))];
      });
    },
    // release lets go of the runs that are not among keys.
    release: (keys) => mine.forEach((done, key) => keys.includes(key) || (done(), mine.delete(key), asked.delete(key))),
    // What is on the page, for when it is loaded again.
    remember: (text) => { try { sessionStorage.setItem("hlrs-lab", text); } catch { /* then it comes back empty */ } },
    remembered: () => { try { return sessionStorage.getItem("hlrs-lab") ?? ""; } catch { return ""; } },
  };
  return store;
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
  const say = (text) => {
    for (const id of ["still", "loading"]) document.getElementById(id)?.remove();
    (document.getElementById("lab") ?? document.body).textContent = text; // Vugu takes #lab away
  };
  if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") {
    say("This browser is too old for the laboratory: it needs WebAssembly and DecompressionStream (Chrome 80, Firefox 113, Safari 16.4, or newer).");
    return;
  }
  try {
    window.labModule = await labProgram("public/lab.wasm.zst"); // workers get it from here: it is loaded once
    window.eval = () => {}; // Vugu would evaluate the script of its renderer, which vugu.js is
    const go = new Go();
    go.exit = (code) => say("The page's program ended by itself (code " + code + "). Load the page again: runs are kept at the end of every epoch.");
    go.run(await WebAssembly.instantiate(window.labModule, go.importObject));
  } catch (e) {
    say("The laboratory could not start: " + e);
  }
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("sw.js").catch(() => {}); // without it, there is no page offline
})();
