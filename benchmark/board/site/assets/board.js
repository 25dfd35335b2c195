// The table of the front page: what is chosen is loaded, drawn, and said in the address.
"use strict";
(() => {
  const { make } = mswal;
  const element = (id) => document.getElementById(id);
  const index = JSON.parse(element("board-data").textContent);
  const [track, lesion, metric, scheme, sort, search] = ["track", "lesion", "metric", "scheme", "sort", "search"].map(element);
  const groupBoxes = [...document.querySelectorAll("input[name=group]")];
  const FEW = 100;
  // Left out one after the other where the table is wider than the page.
  const SQUEEZES = ["extra", "date", "parameters", "hours", "links", "intervals", "names"];
  const INSIDE = ["intervals", "names"];
  const narrow = matchMedia("(max-width: 40rem)");
  let view;
  let all = false;

  // ---- the numbers of a board, each part a script: a page from disk can load nothing else
  const parts = new Map();
  const loading = new Map();
  mswal.receive = (key, part, content) => parts.set(`${key} ${part}`, content);

  const load = (key, part) => {
    const name = `${key} ${part}`;
    if (!loading.has(name)) {
      loading.set(name, new Promise((done, failed) => {
        const script = make("script");
        script.src = part === "lines" ? `boards/${key}.js` : `boards/${key}.${part}.js`;
        script.addEventListener("load", () => (parts.has(name) ? done(parts.get(name)) : failed(new Error(name))));
        script.addEventListener("error", () => {
          loading.delete(name);
          failed(new Error(name));
        });
        document.head.append(script);
      }));
    }
    return loading.get(name);
  };

  // ---- rows
  const LISTS = ["id", "method", "authors", "affiliation", "group", "status", "rounded_down", "hours", "parameters", "extra", "date", "paper", "code"];

  const rowsOf = (board, lines, values) => {
    const ranks = lines.ranks[view.scheme];
    const times = new Map();
    const place = (at) => `${lines.group[at]} ${ranks[at]}`;
    ranks.forEach((_, at) => times.set(place(at), (times.get(place(at)) ?? 0) + 1));
    const three = (list, at) => list.slice(3 * at, 3 * at + 3);
    return lines.id.map((_, at) => {
      const row = { order: at, rank: ranks[at], shared: times.get(place(at)) > 1, numbers: {} };
      for (const list of LISTS) row[list] = lines[list][at];
      for (const key of ["dsc", "f1"]) row.numbers[`average_${key}`] = three(lines.average[key], at);
      for (const { key } of board.classes) row.numbers[key] = three(values[key], at);
      return row;
    });
  };

  const isShown = (row) => {
    const words = view.search.toLowerCase().split(/\s+/).filter(Boolean);
    const text = [row.method, row.authors, row.affiliation, row.extra ?? ""].join("\n").toLowerCase();
    return view.show.includes(row.group) && words.every((word) => text.includes(word));
  };

  const sorted = (rows, columns) => {
    const down = view.sort.startsWith("-");
    const { sortBy } = columns.find(({ key }) => key === view.sort.replace("-", ""));
    const compare = (one, other) => (typeof one === "string" ? one.localeCompare(other, "en") : one - other) * (down ? -1 : 1);
    const groups = index.groups.map(({ key }) => key);
    return rows.map((row) => [row, sortBy(row)]).sort(([one, a], [other, b]) =>
      groups.indexOf(one.group) - groups.indexOf(other.group)
      // What has no value is last, and equal ones stay in the order of the board.
      || (a === null) - (b === null) || (a === null ? 0 : compare(a, b)) || one.order - other.order).map(([row]) => row);
  };

  // ---- the table
  const headCell = (column, board) => {
    const cell = make("th", `${column.kind} ${column.key}`);
    cell.scope = "col";
    cell.dataset.column = column.key;
    const ordered = view.sort.replace("-", "") === column.key;
    if (column.sortBy) {
      const names = [make("span", "full", column.title)];
      if (column.kind === "lesion") {
        const abbreviation = make("abbr", "", column.short);
        abbreviation.title = column.title;
        names.push(abbreviation);
      }
      const button = make("button", "", ...names);
      button.type = "button";
      button.addEventListener("click", () => {
        const down = ordered ? !view.sort.startsWith("-") : Boolean(column.down);
        change({ sort: `${down ? "-" : ""}${column.key}` })
          .then(() => element("board").querySelector(`th[data-column="${column.key}"] button`)?.focus());
      });
      cell.append(button);
      cell.setAttribute("aria-sort", ordered ? (view.sort.startsWith("-") ? "descending" : "ascending") : "none");
    } else cell.append(column.title);
    return cell;
  };

  const bodies = (rows, columns, board) => index.groups.filter(({ key }) => rows.some((row) => row.group === key)).map(({ key, label, meaning }) => {
    const head = make("th", "", label, " ", make("span", "about", meaning));
    head.colSpan = columns.length;
    head.scope = "rowgroup";
    const body = make("tbody", key, make("tr", "group", head));
    for (const row of rows) {
      if (row.group !== key) continue;
      body.append(make("tr", "line", ...columns.map((column) => {
        const cell = make(column.key === "method" ? "th" : "td", `${column.kind} ${column.key}`, column.cell(row, board));
        if (column.key === "method") cell.scope = "row";
        const isKept = column.kind === "average" && cell.querySelector(".kept");
        cell.classList.toggle("unknown", column.isUnknown(row) && !isKept);
        cell.dataset.column = column.key;
        cell.dataset.label = column.short ?? column.title;
        return cell;
      })));
    }
    return body;
  });

  const boardOf = (key) => index.boards.find((board) => board.key === key);
  let drawing = 0;
  let retell = () => {};

  const draw = async () => {
    const mine = ++drawing;
    const board = boardOf(view.track);
    const holder = element("board");
    holder.setAttribute("aria-busy", "true");
    let lines, values;
    try {
      [lines, values] = await Promise.all([load(board.key, "lines"), load(board.key, view.metric)]);
    } catch {
      if (mine !== drawing) return;
      retell = () => {};
      holder.replaceChildren();
      element("more").hidden = true;
      element("count").textContent = "The numbers of this track could not be loaded. Load the page again.";
      holder.setAttribute("aria-busy", "false");
      return;
    }
    // Something else was chosen meanwhile.
    if (mine !== drawing) return;
    const rows = rowsOf(board, lines, values);
    const chosen = index.metrics.find(({ key }) => key === view.metric);
    const every = mswal.columns(board, chosen);
    const found = sorted(rows.filter(isShown), every);
    const isWanted = ({ key, kind }) => kind !== "lesion" || view.lesion === "" || key === view.lesion;
    const columns = every.filter((column) => isWanted(column) && !found.every(column.isUnknown));
    const shown = all ? found : found.slice(0, FEW);
    const table = make("table", "scores", make("thead", "", make("tr", "", ...columns.map((column) => headCell(column, board)))),
      ...bodies(shown, columns, board));
    table.setAttribute("aria-label", `Methods, ${board.title}`);
    holder.replaceChildren(...(found.length ? [table] : []));
    element("more").hidden = shown.length === found.length;
    element("more").firstElementChild.textContent = `Show all ${found.length.toLocaleString("en")}`;
    retell = () => tell(board, found, rows.length, chosen, every, fit());
    retell();
    holder.setAttribute("aria-busy", "false");
  };

  // Makes the table as wide as the page: a list of cards on a phone, elsewhere without what fits least. Says what that is.
  const fit = () => {
    const holder = element("board");
    const table = holder.firstElementChild;
    const left = [];
    element("order").hidden = !narrow.matches;
    holder.classList.remove("scrolls");
    if (table && !narrow.matches) {
      SQUEEZES.forEach((name) => table.classList.remove(`without-${name}`));
      for (const name of SQUEEZES) {
        if (holder.scrollWidth <= holder.clientWidth) break;
        if (!INSIDE.includes(name) && !table.querySelector(`thead .${name}`)) continue;
        table.classList.add(`without-${name}`);
        left.push(name);
      }
      holder.classList.toggle("scrolls", holder.scrollWidth > holder.clientWidth);
    }
    // Another table in a box of the same size: nothing else tells scroll_boxes.js to look again.
    holder.dispatchEvent(new Event("scroll"));
    return left;
  };

  const tell = (board, found, many, chosen, every, left) => {
    const table = element("board").firstElementChild;
    const ranked = parts.get(`${board.key} lines`).ranks[view.scheme].some((place) => place !== null);
    scheme.parentElement.hidden = !ranked;
    if (found.length === 0) {
      element("count").textContent = "Nothing matches. Clear the search, or show more.";
    } else {
      const title = (key) => every.find((column) => column.key === key)?.title ?? (key === "names" ? "whole names" : key);
      const order = ranked || view.sort !== "rank"
        ? `sorted by ${title(view.sort.replace("-", ""))}, ${view.sort.startsWith("-") ? "descending" : "ascending"}` : "by Avg. DSC";
      const narrower = left.length ? ` No room here for: ${left.map(title).join(", ")}.` : "";
      const costs = table?.querySelector(".hours, .parameters") ? " Costs are as claimed." : "";
      const ofTypes = board.classes.some(({ key }) => found.some((row) => row.numbers[key][0] !== null));
      const isKept = board.hidden && found.every((row) => row.group !== "reported");
      const unknown = ofTypes ? "" : isKept ? " This track shows no numbers of lesion types." : ` ${chosen.label} is not known of these.`;
      const intervals = left.includes("intervals") || found.every((row) => row.numbers.average_dsc[1] === null) ? "" : " with 95 % intervals";
      element("count").textContent = `${found.length.toLocaleString("en")} of ${many.toLocaleString("en")} entries, ${order}. Scores in percent${intervals}.${costs}${unknown}${narrower}`;
    }
    const isShort = narrow.matches || left.includes("names");
    element("abbreviations").textContent = isShort && table?.querySelector("td.lesion") ? `${board.classes.map(({ short, name }) => `${short}: ${name.toLowerCase()}`).join(", ")}.` : "";
    const { explanation } = board.schemes.find(({ key }) => key === view.scheme);
    element("scheme-note").textContent = !ranked ? "No method is ranked on this track yet." :
      `Rank by: ${explanation} Methods with equal results share a rank, marked =, and the next rank is left out. ` +
      "Verified and claimed methods are each ranked among themselves; people, ceilings and reported methods are not.";
  };

  // ---- the controls
  const fill = (select, options, value) => {
    select.replaceChildren(...options.map(({ key, label }) => {
      const option = make("option", "", label);
      option.value = key;
      return option;
    }));
    select.value = value;
  };

  const show = () => {
    const board = boardOf(view.track);
    fill(track, index.boards.map(({ key, title }) => ({ key, label: title })), view.track);
    fill(lesion, [{ key: "", label: `All ${board.classes.length} types` }, ...board.classes.map(({ key, name }) => ({ key, label: name }))], view.lesion);
    fill(metric, index.metrics, view.metric);
    // Where no lesion type has numbers there is nothing to choose.
    for (const select of [lesion, metric]) select.parentElement.hidden = !board.classes.length;
    fill(scheme, board.schemes, view.scheme);
    const orders = mswal.sortable(board).map(({ key, title, down }) => ({ key: down ? `-${key}` : key, label: title.trim() }));
    const order = mswal.sortable(board).find(({ key }) => key === view.sort.replace("-", ""));
    if (orders.every(({ key }) => key !== view.sort)) orders.push({ key: view.sort, label: `${order.title.trim()}, the other way round` });
    fill(sort, orders, view.sort);
    groupBoxes.forEach((box) => {
      box.checked = view.show.includes(box.value);
      box.parentElement.hidden = !board.groups.includes(box.value);
    });
    if (search.value !== view.search) search.value = view.search;
    document.querySelectorAll("section.board").forEach((section) => { section.hidden = section.dataset.board !== board.key; });
    return draw();
  };

  // What the reader chooses: a step to go back from, but for single letters of a search.
  const change = (chosen, { step = true } = {}) => {
    const hash = mswal.hashOf({ ...view, ...chosen }, index);
    // What another board does not have is as by default there.
    view = mswal.viewOf(hash, index);
    all = false;
    const address = location.pathname + location.search + mswal.hashOf(view, index);
    if (step) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    return show();
  };

  const follow = () => {
    const asked = mswal.viewOf(location.hash, index);
    if (asked === null || mswal.hashOf(asked, index) === mswal.hashOf(view, index)) return;
    view = asked;
    all = false;
    show();
  };

  element("controls").hidden = false;
  element("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const [name, select] of Object.entries({ track, lesion, metric, scheme, sort })) {
    select.addEventListener("change", () => change({ [name]: select.value }));
  }
  groupBoxes.forEach((box) => box.addEventListener("change", () => change({
    show: index.groups.map(({ key }) => key).filter((key) => groupBoxes.some((one) => one.checked && one.value === key)),
  })));
  search.addEventListener("input", () => change({ search: search.value }, { step: false }));
  element("more").firstElementChild.addEventListener("click", () => {
    all = true;
    draw();
  });
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    retell();
  }).observe(element("content"));
  view = mswal.viewOf(location.hash, index) ?? mswal.viewOf("", index);
  show();
})();
