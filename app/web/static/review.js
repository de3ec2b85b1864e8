// Keys for the review queue. Every key presses something that is on the page anyway.
"use strict";

(() => {
  const find = (selector) => document.querySelector(`#card ${selector}`);
  const typing = (target) => target.matches("input:not([type=radio], [type=checkbox]), select, textarea");

  let saving = false;
  let waiting = "";

  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (localStorage.getItem("keys") === "off") return;
    if (typing(event.target)) {
      // Escape leaves the note, and keeps it.
      if (event.key === "Escape" && event.target.name === "note") { event.target.blur(); save(); }
      return;
    }
    if (saving) {
      // The card that comes back would replace the one that the key leads to: first the one, then the other.
      waiting = event.key;
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (act(event.key)) {
      event.preventDefault();
      event.stopImmediatePropagation(); // j and k step through sources on other pages
    }
  }, true);

  function act(key) {
    const link = find(`[data-go="${CSS.escape(key)}"]`);
    if (link) { link.click(); return true; }
    if (key === "?") { const help = find("[data-help]"); if (help) help.open = !help.open; return Boolean(help); }
    if (key === "n") { const note = find("[name=note]"); if (note) note.focus(); return Boolean(note); }
    const control = find(`[data-key="${CSS.escape(key)}"]`);
    if (!control) return false;
    if (control.type === "radio") { control.checked = true; save(); } else control.click();
    return true;
  }

  function save() {
    const button = find("[data-save]");
    if (!button) return;
    saving = true;
    button.form.requestSubmit(button);
  }

  function saved() {
    if (!saving) return;
    saving = false;
    const key = waiting;
    waiting = "";
    if (key) act(key);
  }
  // A save that fails swaps nothing, or an error: what was pressed goes on all the same.
  for (const end of ["htmx:finally:request", "htmx:error"]) document.addEventListener(end, () => setTimeout(saved, 50));

  // What was pressed is gone after a swap: the card takes the focus, so that reading starts there.
  document.addEventListener("htmx:after:swap", () => {
    const card = document.getElementById("card");
    if (card && (document.activeElement === document.body || !document.activeElement)) card.focus({ preventScroll: true });
  });
})();
