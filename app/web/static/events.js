// What only the browser sees: that an answer was copied, or its link. Sent with ids of our own and
// kept until the server has said that it has them, so that leaving the page loses nothing and
// sending again counts once.
"use strict";

(() => {
  if (navigator.globalPrivacyControl || navigator.doNotTrack === "1") return;

  const waiting = () => JSON.parse(sessionStorage.getItem("events") ?? "[]");
  const keep = (events) => sessionStorage.setItem("events", JSON.stringify(events));

  async function send() {
    const events = waiting().slice(0, 20);
    if (!events.length) return;
    const body = JSON.stringify({ events });
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("/events", { method: "POST", body, headers, keepalive: true });
    // A refusal (4xx) is an answer too: what could be kept is kept, and nothing gets better.
    if (response.status >= 500) return;
    const sent = new Set(events.map((event) => event.id));
    keep(waiting().filter((event) => !sent.has(event.id)));
  }

  function record(kind, near, properties = {}) {
    const answer_id = near?.closest?.("[data-answer]")?.dataset.answer;
    if (!answer_id) return;
    const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    keep([...waiting(), { id, kind, answer_id, properties }]);
    send().catch(() => {});
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || event.metaKey || event.ctrlKey) return;
    if (button.dataset.copy === "link") record("shared", button);
    else record("copied", button);
  });

  document.addEventListener("copy", (event) => {
    // The button copies by a field where the clipboard is closed; that is not a second copy.
    if (event.target.closest?.("textarea, input")) return;
    const at = getSelection()?.anchorNode;
    record("copied", (at?.nodeType === Node.TEXT_NODE ? at.parentElement : at)?.closest?.(".prose, .conflict"), { what: "selection" });
  });

  // A survey that came with a stream was shown: not again for a month.
  const seen = new MutationObserver(() => {
    if (!document.querySelector("[data-survey]")) return;
    document.cookie = "footnote_survey=shown; path=/; max-age=2592000; samesite=lax";
    seen.disconnect();
  });
  const result = document.querySelector("#result");
  if (result) seen.observe(result, { childList: true, subtree: true });

  send().catch(() => {});
})();
