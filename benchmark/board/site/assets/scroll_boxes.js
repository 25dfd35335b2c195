/* Says of each box that scrolls sideways where there is more to see: scroll_boxes.css lets it fade there. The boxes are
   those of the board, unless the element that loads this names others with `data-boxes`. It is loaded in a page's head. */
(() => {
  const boxes = document.currentScript.dataset.boxes ?? ".box, #board";
  const mark = (box) => {
    const hidden = box.scrollWidth - box.clientWidth;
    const sides = [box.scrollLeft > 1 && "left", box.scrollLeft < hidden - 1 && "right"].filter(Boolean);
    if (sides.length) box.dataset.more = sides.join(" ");
    else delete box.dataset.more;
  };
  document.addEventListener("DOMContentLoaded", () => {
    // A box changes with the window, or when what was folded up is opened.
    const sizes = new ResizeObserver((changes) => changes.forEach((change) => mark(change.target)));
    for (const box of document.querySelectorAll(boxes)) {
      box.addEventListener("scroll", () => mark(box), { passive: true });
      sizes.observe(box);
    }
  });
})();
