// The table of the front page. Texts of submissions are only ever put into text nodes.
"use strict";
(() => {
  const { statuses, boards } = JSON.parse(document.getElementById("board-data").textContent);
  const element = (id) => document.getElementById(id);
  const [track, lesion, metric, scheme, search] = ["track", "lesion", "metric", "scheme", "search"].map(element);
  const statusBoxes = [...document.querySelectorAll("input[name=status]")];
  const ALL = "";
  let table = null;
  let sortedBy = null;

  const make = (tag, className, ...children) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };
  const isolated = (text) => make("bdi", "", text);
  const percent = (fraction) => (fraction * 100).toFixed(2);
  const dash = () => make("span", "none", "–");

  // ---- cells
  const estimateCell = (cell, { of }) => {
    const [value, low, high] = of(cell.getData());
    if (value === null) return dash();
    const text = cell.getData().rounded_down ? `${+(value * 100).toFixed(1)}` : percent(value);
    const shown = make("span", "", make("span", "value", text));
    if (low !== null && high !== null) shown.append(make("span", "interval", `${percent(low)}–${percent(high)}`));
    return shown;
  };
  const rankCell = (cell) => {
    const { rank, shared } = cell.getData();
    return rank === null ? dash() : make("span", "value", `${shared ? "=" : ""}${rank}`);
  };
  const methodCell = (cell) => {
    const row = cell.getData();
    const link = make("a", "method-name", isolated(row.method));
    link.href = `methods/${row.id}.html`;
    return make("span", "", link, make("span", "by", isolated(row.authors)));
  };
  const textCell = (cell) => (cell.getValue() === null ? dash() : isolated(cell.getValue()));
  const linksCell = (cell) => {
    const links = cell.getValue().filter(({ href }) => /^https?:\/\//i.test(href)).map(({ label, href }) => {
      const link = make("a", "", label);
      link.href = href;
      link.rel = "noopener noreferrer nofollow ugc";
      link.setAttribute("aria-label", `${label} of ${cell.getData().method}`);
      return link;
    });
    return links.length ? make("span", "links", ...links) : dash();
  };
  const hours = (cell) => (cell.getValue() === null ? dash() : isolated(cell.getValue().toLocaleString("en")));
  const millions = (cell) => (cell.getValue() === null ? dash() : isolated(`${(cell.getValue() / 1e6).toFixed(1)} M`));

  // ---- columns
  const NOTHING = [null, null, null];
  const estimate = (row, of, metric) => row.values[of]?.[metric] ?? NOTHING;
  const heading = (cell) => make("span", "", cell.getValue());
  const last = { alignEmptyValues: "bottom" };

  const estimateColumn = (title, field, of, width) => ({
    title, field, formatter: estimateCell, formatterParams: { of }, minWidth: width, hozAlign: "right", headerHozAlign: "right",
    sorter: "number", sorterParams: last, headerSortStartingDir: "desc",
  });

  const columns = (board, narrow) => {
    const chosen = board.metrics.find(({ key }) => key === metric.value);
    const classes = board.classes.filter(({ key }) => lesion.value === ALL || key === lesion.value);
    return [
      {
        title: "Rank", field: "rank", formatter: rankCell, width: 74, hozAlign: "right", headerHozAlign: "right", frozen: !narrow,
        // Equal ranks, and those without one, stay in the order of the board.
        sorter: (a, b, one, other) => (a ?? Infinity) - (b ?? Infinity) || one.getData().order - other.getData().order,
      },
      {
        title: "Method", field: "method", formatter: methodCell, minWidth: narrow ? 136 : 200, widthGrow: 3, frozen: true,
        sorter: "string",
      },
      estimateColumn("Avg. DSC", "dsc", (row) => estimate(row, "average", "dsc"), 116),
      estimateColumn("Avg. F1", "f1", (row) => estimate(row, "average", "f1"), 116),
      ...classes.map(({ key, name }) =>
        estimateColumn(`${name} ${chosen.label.split(" (")[0]}`, `class_${key}`, (row) => estimate(row, key, chosen.key), 116)),
      { title: "Status", field: "status", formatter: textCell, minWidth: 88, sorter: "string" },
      { title: "GPU hours", field: "gpu_hours", formatter: hours, minWidth: 92, hozAlign: "right", headerHozAlign: "right", sorter: "number", sorterParams: last },
      { title: "Parameters", field: "parameters", formatter: millions, minWidth: 104, hozAlign: "right", headerHozAlign: "right", sorter: "number", sorterParams: last },
      { title: "Extra data", field: "extra_text", formatter: textCell, minWidth: 200, widthGrow: 1, sorter: "string" },
      { title: "Date", field: "date", formatter: textCell, minWidth: 106, sorter: "string", sorterParams: last },
      { title: "Links", field: "links", formatter: linksCell, minWidth: 116, headerSort: false },
    ].map((column) => ({ titleFormatter: heading, resizable: false, vertAlign: "middle", ...column }));
  };

  // ---- rows
  const rows = (board) => board.rows.map((row) => {
    const [rank, shared] = row.ranks[scheme.value] ?? [null, false];
    const fields = { rank, shared, dsc: estimate(row, "average", "dsc")[0], f1: estimate(row, "average", "f1")[0] };
    for (const { key } of board.classes) fields[`class_${key}`] = estimate(row, key, metric.value)[0];
    const extra = row.extra === null ? null : row.extra.length ? row.extra.join("; ") : "none";
    return { ...row, ...fields, extra_text: extra };
  });

  const isShown = (row) => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = [row.method, row.authors, row.affiliation, row.extra_text ?? ""].join("\n").toLowerCase();
    return statusBoxes.some((box) => box.checked && box.value === row.status) && words.every((word) => text.includes(word));
  };

  const groupHeader = (key, count) => {
    const { label, meaning } = statuses.find((status) => status.key === key);
    return make("span", count ? "" : "empty", label, make("span", "about", meaning));
  };

  // ---- the table
  const current = () => boards.find(({ key }) => key === track.value);

  const draw = () => {
    const board = current();
    const narrow = matchMedia("(max-width: 40rem)").matches;
    const wanted = columns(board, narrow);
    const kept = sortedBy && wanted.some(({ field }) => field === sortedBy.column) ? sortedBy : { column: "rank", dir: "asc" };
    table?.destroy();
    table = new Tabulator("#table", {
      data: rows(board), columns: wanted, layout: "fitColumns", renderVertical: "basic", index: "id",
      initialSort: [kept],
      groupBy: "status", groupValues: [statuses.map(({ key }) => key)], groupHeader, groupToggleElement: false,
      columnHeaderSortMulti: false,
    });
    table.on("tableBuilt", () => {
      table.setFilter(isShown);
      element("table").setAttribute("aria-label", `Methods, ${board.title}`);
      element("table").querySelectorAll(".tabulator-col.tabulator-sortable").forEach((header) => {
        header.tabIndex = 0;
        // The browser would scroll the heads alone.
        header.addEventListener("focus", () => table.scrollToColumn(header.getAttribute("tabulator-field"), "middle", false));
        header.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          header.click();
        });
      });
    });
    table.on("dataSorted", ([sorter]) => {
      if (sorter) sortedBy = { column: sorter.field, dir: sorter.dir };
      tell();
    });
    table.on("dataFiltered", (_, filtered) => tell(filtered.length));
    const { explanation } = board.schemes.find(({ key }) => key === scheme.value);
    element("scheme-note").textContent =
      `Rank by: ${explanation} Methods with equal results share a rank, marked =, and the next rank is left out. ` +
      "Verified and claimed methods are each ranked among themselves; reported ones are not ranked.";
  };

  let shown = 0;
  const tell = (count = shown) => {
    shown = count;
    if (shown === 0) {
      element("count").textContent = "No method matches. Clear the search, or tick more statuses.";
      return;
    }
    const title = sortedBy && table.getColumn(sortedBy.column).getDefinition().title;
    const order = title ? `, sorted by ${title}, ${sortedBy.dir === "asc" ? "ascending" : "descending"}` : "";
    element("count").textContent = `${shown} of ${current().rows.length} methods${order}. Scores in percent, 95 % intervals below them; costs as claimed.`;
  };

  // ---- the controls
  const fill = (select, options, fallback) => {
    const before = select.value;
    select.replaceChildren(...options.map(({ key, label }) => {
      const option = make("option", "", label);
      option.value = key;
      return option;
    }));
    select.value = options.some(({ key }) => key === before) ? before : fallback;
  };

  const showBoard = () => {
    const board = current();
    fill(lesion, [{ key: ALL, label: `All ${board.classes.length} types` }, ...board.classes.map(({ key, name }) => ({ key, label: name }))], ALL);
    fill(metric, board.metrics, "dsc");
    fill(scheme, board.schemes, "mean-rank");
    document.querySelectorAll("section.board").forEach((section) => { section.hidden = section.dataset.board !== board.key; });
    draw();
  };

  fill(track, boards.map(({ key, title }) => ({ key, label: title })), boards[0].key);
  element("controls").hidden = false;
  element("controls").addEventListener("submit", (event) => event.preventDefault());
  track.addEventListener("change", showBoard);
  [lesion, metric, scheme].forEach((select) => select.addEventListener("change", draw));
  search.addEventListener("input", () => table.setFilter(isShown));
  statusBoxes.forEach((box) => box.addEventListener("change", () => table.setFilter(isShown)));
  matchMedia("(max-width: 40rem)").addEventListener("change", draw);
  showBoard();
})();
