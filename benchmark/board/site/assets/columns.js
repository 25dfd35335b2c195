// The columns of the table, and what stands in their cells. Texts of submissions are only ever put into text nodes.
"use strict";
(() => {
  const make = (tag, className, ...children) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };
  const isolated = (text) => make("bdi", "", text);
  const percent = (hundredths) => (hundredths / 100).toFixed(2);
  const nothing = () => make("span", "none", "–");

  const rank = ({ rank: place, shared }) => (place === null ? nothing() : make("span", "value", `${shared ? "=" : ""}${place}`));

  const method = (row) => {
    const link = make("a", "method-name", isolated(row.method));
    link.href = `methods/${row.id}.html`;
    const status = row.group === "people" ? [make("span", `badge ${row.status}`, row.status), " "] : [];
    const by = make("span", "by", ...status, isolated(row.authors));
    by.title = row.authors;
    return make("span", "", link, by);
  };

  const estimate = ([value, low, high], row, board) => {
    if (value === null) return board.hidden && row.group !== "reported" ? make("span", "none kept", "not shown") : nothing();
    const shown = make("span", "", make("span", "value", row.rounded_down ? `${value / 100}` : percent(value)));
    if (low !== null && high !== null) shown.append(make("span", "interval", `${percent(low)}–${percent(high)}`));
    return shown;
  };

  const links = (row) => {
    const made = [["Paper", row.paper], ["Code", row.code]].filter(([, href]) => /^https?:\/\//i.test(href ?? ""));
    return make("span", "links", ...made.map(([label, href]) => {
      const link = make("a", "", label);
      link.href = href;
      link.rel = "noopener noreferrer nofollow ugc";
      link.setAttribute("aria-label", `${label} of ${row.method}`);
      return link;
    }));
  };

  const text = (shown) => (row) => (shown(row) === null ? nothing() : isolated(shown(row)));
  const number = (row, key) => row.numbers[key];

  const scores = (key, title, short, kind) => ({
    key, title, short, kind, down: true,
    isUnknown: (row) => number(row, key)[0] === null,
    sortBy: (row) => number(row, key)[0],
    cell: (row, board) => estimate(number(row, key), row, board),
  });
  const fact = (key, title, shown, sortBy, more = {}) => ({
    key, title, kind: "fact", sortBy, cell: text(shown), isUnknown: (row) => sortBy(row) === null, ...more,
  });

  // All columns that a board can have; `metric` is the one of its classes. One that is unknown of all is not drawn.
  mswal.columns = (board, metric) => [
    { key: "rank", title: "Rank", kind: "rank", cell: rank, sortBy: (row) => row.rank, isUnknown: (row) => row.rank === null },
    { key: "method", title: "Method", kind: "method", cell: method, sortBy: (row) => row.method.toLowerCase(), isUnknown: () => false },
    scores("average_dsc", "Avg. DSC", "Avg. DSC", "average"),
    scores("average_f1", "Avg. F1", "Avg. F1", "average"),
    ...board.classes.map(({ key, name, short }) => scores(key, `${name} ${metric.label.split(" (")[0]}`, short, "lesion")),
    fact("hours", "GPU hours", (row) => row.hours?.toLocaleString("en") ?? null, (row) => row.hours, { kind: "fact number" }),
    fact("parameters", "Parameters", (row) => (row.parameters === null ? null : `${(row.parameters / 1e6).toFixed(1)} M`),
      (row) => row.parameters, { kind: "fact number" }),
    // A column that says nothing but "none" says nothing.
    fact("extra", "Extra data", (row) => (row.extra === "" ? "none" : row.extra), (row) => row.extra, { isUnknown: (row) => !row.extra }),
    fact("date", "Date", (row) => row.date, (row) => row.date),
    { key: "links", title: "Links", kind: "fact", cell: links, isUnknown: (row) => !row.paper && !row.code },
  ];

  // What a board can be sorted by, whatever its columns show at present.
  mswal.sortable = (board) => mswal.columns(board, { label: "" }).filter(({ sortBy }) => sortBy);
  mswal.make = make;
})();
