// What HTML and htmx can't do alone. Everything here is an addition: the pages work without it.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const ask = () => $("#ask");
const say = (words) => { const line = $("#status"); if (line) line.textContent = words; };

// --- asking ---------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("#q, #followup-q") && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

// A link or a follow-up asks through the one form, so that the answer streams in, the question
// stays in the field, and Stop stops it.
document.addEventListener("click", (event) => {
  const plain = ask() && !(event.metaKey || event.ctrlKey || event.shiftKey);
  const link = plain && event.target.closest("[data-ask], [data-edit]");
  if (link) {
    event.preventDefault();
    fill(new URL(link.href).searchParams);
    if ("ask" in link.dataset) ask().requestSubmit();
    else focusField();
  }
  if (event.target.closest("[data-stop]")) stop();
  const mode = plain && event.target.closest("[data-mode]");
  if (mode) {
    event.preventDefault();
    location.href = mode.dataset.mode + typed();
  }
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "followup" || !ask()) return;
  event.preventDefault();
  fill(new URLSearchParams(new FormData(event.target)));
  ask().requestSubmit();
});

function fill(wanted) {
  for (const id of wanted.getAll("document")) {
    if ($$("[name=document]", ask()).some((field) => field.value === id)) continue;
    const field = document.createElement("input");
    Object.assign(field, { type: "checkbox", name: "document", value: id, hidden: true });
    $("#scope-documents").append(field);
  }
  for (const field of ask().elements) {
    if (!field.name) continue;
    if (field.type === "checkbox") field.checked = wanted.getAll(field.name).includes(field.value);
    else field.value = wanted.get(field.name) ?? "";
  }
}

function typed() {
  const kept = [...new FormData(ask())].filter(([, value]) => value.trim());
  return kept.length ? "?" + new URLSearchParams(kept) : "";
}

let stopping = false;

// The stream goes on after the answer, with what to ask next; nobody has to wait for that.
const answered = () => "answered" in (ask()?.dataset ?? {});

function stop() {
  if (!ask()?.classList.contains("htmx-request") || answered()) return;
  stopping = true;
  htmx.trigger(ask(), "htmx:abort");
}

document.addEventListener("footnote:finished", (event) => {
  const address = event.detail.data;
  ask().dataset.answered = "";
  if (location.pathname !== address) history.pushState({ htmx: true }, "", address);
  const question = $(".answer").dataset.question;
  document.title = question + " · Footnote";
  // The field shows what was searched for, unless something else is typed by now.
  if ($("#q").value === submitted) $("#q").value = question;
  for (const field of $$("input[type=hidden]", ask())) field.value = "";
  window.scrollTo({ top: 0 });
  // On to the answer: a screen reader reads it, j and k work, a phone's keyboard goes away.
  if ([$("#q"), document.body].includes(document.activeElement)) $("#answer-title")?.focus({ preventScroll: true });
});

let submitted = "";

document.addEventListener("htmx:before:request", (event) => {
  if (event.target !== ask() || !ask().dataset.asking) return;
  submitted = $("#q").value;
  delete ask().dataset.answered;
  say(ask().dataset.asking);
});

// A question that ends without an answer must not look as if it still went on.
function ended(event) {
  if (event.target !== ask() || answered()) return;
  const words = stopping ? ask().dataset.stopped : ask().dataset.lost;
  const told = stopping || event.type === "htmx:error";
  stopping = false;
  setTimeout(() => {
    const draft = $("#draft[aria-busy=true]");
    if (ask().classList.contains("htmx-request") || !(draft || told)) return;
    if (draft && $(".skeleton", draft)) $("#result").replaceChildren();
    draft?.removeAttribute("aria-busy");
    say(words);
  }, 50);
}
for (const end of ["htmx:finally:request", "htmx:error"]) document.addEventListener(end, ended);

// --- keys -----------------------------------------------------------------------------------------

const keysOn = () => localStorage.getItem("keys") !== "off";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape") { hidePeek(); stop(); return; }
  if (event.target.closest("input, textarea, select, dialog[open]")) return;
  const turn = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (turn && $(".sheet")) { $(`.turn a[rel=${turn}]`)?.click(); return; }
  if (!keysOn()) return;
  const action = { "/": focusField, s: switchMode, j: () => step(1), k: () => step(-1) }[event.key];
  if (action) { event.preventDefault(); action(); }
});

function focusField() {
  const field = $("#q");
  if (!field) { location.href = "/"; return; }
  field.focus();
  field.select();
}

function switchMode() {
  const other = $("[data-mode]:not([aria-current])");
  location.href = other ? other.dataset.mode + typed() : "/search";
}

function step(by) {
  const stops = $$("[data-step]");
  const here = stops.indexOf(document.activeElement);
  const next = stops[here < 0 ? (by > 0 ? 0 : stops.length - 1) : here + by];
  next?.focus();
  next?.closest("li, tr")?.scrollIntoView({ block: "nearest" });
}

for (const label of $$("[data-keys]")) {
  const box = $("input", label);
  label.hidden = false;
  box.checked = keysOn();
  box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
}

// --- the quote behind a citation --------------------------------------------------------------------

let hiding;
const peek = $("#peek");

function showPeek(link) {
  const source = $("#source-" + link.dataset.cite);
  if (!source || !peek.showPopover) return;
  clearTimeout(hiding);
  hidePeek();
  const title = document.createElement("strong");
  const quote = document.createElement("p");
  title.textContent = $("h3 a", source).lastChild.textContent;
  quote.textContent = $("mark", source).textContent;
  peek.replaceChildren(title, quote);
  peek.showPopover();
  const at = link.getBoundingClientRect();
  const left = Math.min(at.left - 12, innerWidth - peek.offsetWidth - 16);
  const below = at.bottom + 8;
  const above = at.top - peek.offsetHeight - 8;
  peek.style.left = Math.max(16, left) + "px";
  peek.style.top = (below + peek.offsetHeight > innerHeight && above > 0 ? above : below) + "px";
  link.classList.add("open");
  source.classList.add("open");
}

function hidePeek() {
  if (peek.matches(":popover-open")) peek.hidePopover();
  $$(".cite.open, .source.open").forEach((element) => element.classList.remove("open"));
}

const hideSoon = () => { hiding = setTimeout(hidePeek, 160); };
for (const [enter, leave] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
  document.addEventListener(enter, (event) => {
    const link = event.target.closest?.(".cite");
    if (link) showPeek(link);
    else if (event.target.closest?.("#peek")) clearTimeout(hiding);
  });
  document.addEventListener(leave, (event) => {
    if (event.target.closest?.(".cite, #peek")) hideSoon();
  });
}

// --- copying --------------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  const field = $("#markdown", button.parentElement);
  const text = button.dataset.copy === "link" ? button.href : field.value;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https there is no clipboard: select the text of a field instead.
    const markdown = field.value;
    field.value = text;
    field.select();
    document.execCommand("copy");
    field.value = markdown;
  }
  const words = $("span", button);
  words.dataset.before ??= words.textContent;
  words.textContent = "Copied";
  button.classList.add("done");
  setTimeout(() => { words.textContent = words.dataset.before; button.classList.remove("done"); }, 1800);
});

// --- theme ----------------------------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".theme")) return;
  event.preventDefault();
  const theme = event.submitter.value;
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  $(theme === "dark" ? ".to-light" : ".to-dark").focus();
});

// --- uploads: fetch can't tell progress, XMLHttpRequest can ---------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-upload]")) return;
  event.preventDefault();
  const bar = $("progress", form);
  const request = new XMLHttpRequest();
  const show = (text) => htmx.swap({ text, target: form.dataset.target, swap: "innerHTML", sourceElement: form });
  const finish = () => { bar.hidden = true; event.submitter.disabled = false; };
  request.open("POST", form.action);
  request.setRequestHeader("HX-Request", "true");
  request.upload.addEventListener("progress", (sent) => { bar.value = sent.loaded / sent.total; });
  request.addEventListener("load", () => {
    finish();
    show(request.responseText);
    if (request.status < 400) { form.reset(); told(form); }
  });
  request.addEventListener("error", () => { finish(); show($("template", form).innerHTML); });
  bar.value = 0;
  bar.hidden = false;
  event.submitter.disabled = true;
  request.send(new FormData(form));
});

function told(form) {
  const files = [...$("input[type=file]", form).files];
  const names = files.slice(0, 3).map((file) => file.name).join(", ");
  $(".drop-words strong", form).textContent = files.length ? names : "Choose files";
  $(".drop-hint", form).textContent = files.length > 3 ? ` and ${files.length - 3} more` : files.length ? "" : " or drop them here";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-upload] input[type=file]")) told(event.target.form);
});
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => event.target.closest?.(".drop")?.classList.toggle("over", over));
}

// --- dialog ---------------------------------------------------------------------------------------

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target?.id === "dialog") $("#dialog").showModal();
});
document.addEventListener("click", (event) => {
  const dialog = $("#dialog[open]");
  if (!dialog) return;
  if (event.target === dialog || event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  }
});
