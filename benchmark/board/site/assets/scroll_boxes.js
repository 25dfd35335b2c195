/* Says of each box that scrolls sideways where there is more to see: the style sheet lets it fade there. The pages of the
   board and of the documentation have it. */
(() => {
  const BOXES = ".box, #board, pre, .pst-scrollable-table-container, .notebook-table, .notebook-table > div";
  const mark = (box) => {
    const hidden = box.scrollWidth - box.clientWidth;
    const sides = [box.scrollLeft > 1 && "left", box.scrollLeft < hidden - 1 && "right"].filter(Boolean);
    if (sides.length) box.dataset.more = sides.join(" ");
    else delete box.dataset.more;
  };
  const begin = () => {
    // A box changes with the window, or when what was folded up is opened.
    const sizes = new ResizeObserver((changes) => changes.forEach((change) => mark(change.target)));
    for (const box of document.querySelectorAll(BOXES)) {
      box.addEventListener("scroll", () => mark(box), { passive: true });
      sizes.observe(box);
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
