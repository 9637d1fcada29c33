// Paints a part of the page so that what stays on it stays the same: a press, the focus, a selection, a scrolled place, and what a
// person is typing or dragging outlive the painting.
"use strict";

// labMorph gives an element the content that a text in HTML says.
window.labMorph = (() => {
  const keys = ["id", "data-key", "data-act", "data-point", "data-slide", "data-choose", "data-typed", "data-set", "data-batch"];
  const keyOf = (node) => {
    if (node.nodeType === Node.ELEMENT_NODE) for (const k of keys) if (node.hasAttribute(k)) return k + "=" + node.getAttribute(k);
    return null;
  };
  const alike = (a, b) => a.nodeName === b.nodeName && a.namespaceURI === b.namespaceURI;

  // children has those of old become those of want: each with a key the one that has it, the others in step.
  const children = (old, want) => {
    const wanted = new Set([...want.childNodes].map(keyOf)), keyed = new Map();
    for (const node of [...old.childNodes]) {
      const key = keyOf(node);
      if (key === null) continue;
      if (wanted.has(key) && !keyed.has(key)) keyed.set(key, node);
      else node.remove();
    }
    let at = old.firstChild;
    const skip = (to) => { while (at !== to) { const gone = at; at = at.nextSibling; gone.remove(); } };
    for (const node of [...want.childNodes]) {
      const key = keyOf(node);
      let stays = at;
      if (key === null) {
        while (stays && keyOf(stays) === null && !alike(stays, node)) stays = stays.nextSibling;
        if (stays && keyOf(stays) !== null) stays = null;
        if (stays) skip(stays);
      } else {
        while (stays && keyOf(stays) === null) stays = stays.nextSibling;
        if (stays && stays === keyed.get(key)) skip(stays); // what stands before it goes, rather than that it moves
        else stays = keyed.get(key) ?? null;
        keyed.delete(key);
        if (stays && !alike(stays, node)) {
          if (stays === at) at = at.nextSibling;
          stays.remove();
          stays = null;
        }
      }
      if (!stays) { old.insertBefore(node, at); continue; }
      if (stays === at) at = at.nextSibling;
      else old.moveBefore ? old.moveBefore(stays, at) : old.insertBefore(stays, at);
      become(stays, node);
    }
    skip(null);
  };

  // become has old be like want.
  const become = (old, want) => {
    if (old.isEqualNode(want)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) { old.data = want.data; return; }
    for (const a of want.attributes) if (old.getAttribute(a.name) !== a.value) old.setAttributeNS(a.namespaceURI, a.name, a.value);
    for (const { name } of [...old.attributes]) {
      if (!want.hasAttribute(name) && !(old.localName === "canvas" && (name === "width" || name === "height"))) old.removeAttribute(name); // its picture is the page's own
    }
    children(old, want);
    switch (old.localName) { // what a person has touched no longer follows its attributes
      case "input": old.checked = want.checked; old.labValue = want.value; break;
      case "select": old.labValue = want.value; break;
    }
  };

  return (el, html) => {
    const want = document.createElement("template");
    want.innerHTML = html;
    children(el, want.content);
  };
})();

// labValue is the value of a control, once the person is done with it.
(() => {
  let busy = null; // what the person is typing in, or has hold of
  const takes = (e) => { if (e.target.matches?.("input:not([type=checkbox]), select")) busy = e.target; };
  const leaves = (e) => { if (e.target === busy) busy = null; };
  for (const type of ["pointerdown", "input"]) document.addEventListener(type, takes, true);
  for (const type of ["change", "focusout"]) document.addEventListener(type, leaves, true);
  for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, () => { if (busy?.type === "range") busy = null; }, true);
  const later = { set(value) { queueMicrotask(() => { if (this !== busy && this.value !== value) this.value = value; }); } }; // a select's options come after it
  for (const type of [HTMLInputElement, HTMLSelectElement]) Object.defineProperty(type.prototype, "labValue", later);
})();
