// The few things a page can do better with script. Every page works without this file; nothing here decides anything.
"use strict";
(() => {
  // The error summary takes focus, so that a screen reader hears it first.
  const focusErrors = (root) => root.querySelector("[data-focus]")?.focus();
  document.addEventListener("DOMContentLoaded", () => focusErrors(document));
  document.addEventListener("htmx:after:swap", () => focusErrors(document));

  // One key, one decision: a button with data-key answers to its letter when nobody is typing.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
    const at = event.target;
    if (at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName))) return;
    const key = event.key.toLowerCase();
    if (!/^[a-z]$/.test(key)) return;
    const button = document.querySelector(`[data-key="${key}"]`);
    if (button) {
      event.preventDefault();
      button.click();
    }
  });

  // A form is sent once: a second press while the first is on its way does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // An address is passed on by the device's own means, or copied; no third party is asked.
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-share]");
    if (!button) return;
    const { share: url, title } = button.dataset;
    try {
      if (navigator.share) await navigator.share({ title, url });
      else {
        await navigator.clipboard.writeText(url);
        button.textContent = button.dataset.done;
      }
    } catch {
      // Whoever thinks better of it has done nothing.
    }
  });

  // The print button appears only where printing is possible.
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
    for (const button of document.querySelectorAll("[data-share]")) button.hidden = !(navigator.share || navigator.clipboard);
  });
})();
