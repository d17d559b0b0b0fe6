// Small comforts. Every act works without this file; nothing here decides anything.
(() => {
  "use strict";

  const announce = (text) => {
    const region = document.getElementById("announce");
    if (!region) return;
    region.textContent = "";
    // A live region speaks when its content changes: the same words twice need a moment between.
    window.setTimeout(() => { region.textContent = text; }, 50);
  };

  const copyFrom = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    const region = document.getElementById("announce");
    if (!source || !region) return;
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
    } catch {
      window.getSelection().selectAllChildren(source);
      announce(region.dataset.notCopied);
      return;
    }
    announce(region.dataset.copied);
    button.classList.add("mc-copied");
    window.setTimeout(() => button.classList.remove("mc-copied"), 2000);
  };

  const toggleNav = (button) => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
  };

  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) { copyFrom(copy); return; }
    const toggle = event.target.closest(".mc-nav-toggle");
    if (toggle) { toggleNav(toggle); return; }
    if (event.target.closest("[data-print]")) window.print();
  });

  // A second click must not send a second request. The button stays focusable and keeps its name and
  // value in the form: a disabled one would lose both.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.hasAttribute("data-repeatable") || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.querySelectorAll("button[type=submit]").forEach((b) => b.setAttribute("aria-disabled", "true"));
  });

  // Coming back with the browser's Back button must give a form that can be sent again.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled"));
    });
  });

  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

  // <time data-relative datetime="…">: the full date stays in the title, the words say how long ago.
  const relativeTimes = (root) => {
    const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
    root.querySelectorAll("time[data-relative]").forEach((element) => {
      const seconds = (Date.parse(element.dateTime) - Date.now()) / 1000;
      if (Number.isNaN(seconds)) return;
      const [unit, size] = UNITS.find(([, s]) => Math.abs(seconds) >= s) ?? UNITS[3];
      if (!element.title) element.title = element.textContent.trim();
      element.textContent = words.format(Math.round(seconds / size), unit);
    });
  };

  // [data-stopwatch="seconds at the answer"]: runs on between two looks, in the words of the server.
  const begun = new WeakMap();
  const stopwatches = () => {
    document.querySelectorAll("[data-stopwatch]").forEach((element) => {
      if (!begun.has(element)) begun.set(element, performance.now());
      const total = Number(element.dataset.stopwatch) + Math.floor((performance.now() - begun.get(element)) / 1000);
      const [h, min, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
      element.textContent = h ? `${h} h ${min} min` : min ? `${min} min ${s} s` : `${s} s`;
    });
  };

  const refresh = (root) => {
    root.querySelectorAll("[data-copy][hidden], [data-print][hidden]").forEach((b) => { b.hidden = false; });
    relativeTimes(root);
  };

  refresh(document);
  document.addEventListener("htmx:afterSwap", () => refresh(document));
  window.setInterval(() => relativeTimes(document), 30000);
  window.setInterval(stopwatches, 1000);

  // "Two minutes ago" means nothing on paper.
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("time[data-relative][title]").forEach((e) => { e.textContent = e.title; });
  });
  window.addEventListener("afterprint", () => relativeTimes(document));
})();
