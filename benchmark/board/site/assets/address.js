// The view in the address: what differs from the default stands behind the #, as in #track=public-cv&metric=recall&sort=-f1.
"use strict";
window.mswal = {};
(() => {
  const DEFAULTS = { lesion: "", metric: "dsc", scheme: "mean-rank", search: "", sort: "rank" };
  const NONE = "none";

  const has = (list, key) => list.some((one) => one.key === key);

  // Reads a hash into a view of what is there; what it names wrongly or not at all is as by default. Null for an anchor.
  mswal.viewOf = (hash, { boards, metrics, groups, opens }) => {
    const text = hash.replace(/^#/, "");
    if (text && !text.includes("=")) return null;
    const asked = new URLSearchParams(text);
    const board = boards.find(({ key }) => key === asked.get("track")) ?? boards.find(({ key }) => key === opens);
    const choose = (name, is) => (asked.has(name) && is(asked.get(name)) ? asked.get(name) : DEFAULTS[name]);
    const named = (asked.get("show") ?? "").split(",");
    const shown = groups.map(({ key }) => key).filter((key) => named.includes(key));
    return {
      track: board.key,
      lesion: choose("lesion", (key) => has(board.classes, key)),
      metric: choose("metric", (key) => has(metrics, key)),
      scheme: choose("scheme", (key) => has(board.schemes, key)),
      show: shown.length || named[0] === NONE ? shown : groups.map(({ key }) => key),
      search: (asked.get("search") ?? "").slice(0, 200),
      sort: choose("sort", (order) => has(mswal.sortable(board), order.replace(/^-/, ""))),
    };
  };

  // Writes a view as a hash, empty where all of it is by default.
  mswal.hashOf = (view, { groups, opens }) => {
    const said = new URLSearchParams();
    if (view.track !== opens) said.set("track", view.track);
    for (const [name, usual] of Object.entries(DEFAULTS)) if (view[name] !== usual) said.set(name, view[name]);
    if (view.show.length < groups.length) said.set("show", view.show.join(",") || NONE);
    return `${said}` && `#${said}`;
  };
})();
