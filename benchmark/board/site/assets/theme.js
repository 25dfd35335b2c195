// Light or dark: as the system says until the switch is used. Nothing is stored; links within the site carry the choice.
"use strict";
(() => {
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search).get("theme");
  if (asked === "light" || asked === "dark") root.dataset.theme = asked;

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const current = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");

  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const label = () => { button.textContent = current() === "dark" ? "Light theme" : "Dark theme"; };
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = current() === "dark" ? "light" : "dark";
      label();
    });
    dark.addEventListener("change", label);
    label();
  });

  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || !root.dataset.theme || !/^[\w./%-]+\.html(#.*)?$/.test(link.getAttribute("href"))) return;
    link.search = `?theme=${root.dataset.theme}`;
  }, true);
})();
