// Keeps the laboratory for use without a network: files come from the network where it answers, and from the cache where not.
"use strict";
const cache = "hlrs-lab";
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim().then(async () => {
  const kept = await caches.open(cache);
  await kept.addAll(["./", "public/lab.css", "public/page.js", "public/morph.js", "public/fzstd.js", "public/program.js", "public/worker.js", "public/wasm_exec.js", "public/vugu.js", "public/lab.wasm.zst", "public/replay.json.gz", "public/tail.jpg", "public/toy.jpg", "public/icon.svg", "public/manifest.json"]);
})));
// A download under way is over, or somewhere else, when the network is back.
const passing = async (request, answer) => new URL(request.url).pathname.endsWith("/data/status") && (await answer.clone().json()).state !== "ready";
const keep = async (kept, request, answer) => { if (!await passing(request, answer)) await kept.put(request, answer); };
self.addEventListener("fetch", (e) => {
  if (e.request.method !== "GET" || new URL(e.request.url).origin !== self.location.origin) return;
  e.respondWith((async () => {
    const kept = await caches.open(cache);
    try {
      const fresh = await fetch(e.request);
      if (fresh.ok && fresh.status === 200) e.waitUntil(keep(kept, e.request, fresh.clone()));
      return fresh;
    } catch (failure) {
      const old = await kept.match(e.request, { ignoreSearch: true });
      if (old) return old;
      throw failure;
    }
  })());
});
