// The page of a case: the list of its lesions drives the viewer, and the viewer says what lies under the crosshair.
"use strict";
addEventListener("DOMContentLoaded", async () => {
  const shown = globalThis.shownCase;
  const get = (id) => document.getElementById(id);
  const root = document.documentElement;

  // Light or dark, as the page before it, or as the system says.
  const asked = new URLSearchParams(location.search).get("theme");
  if (asked === "light" || asked === "dark") root.dataset.theme = asked;
  const theme = () => root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const labelTheme = () => {
    get("theme").textContent = theme() === "dark" ? "Light theme" : "Dark theme";
    if (root.dataset.theme) get("back").search = `?theme=${root.dataset.theme}`;
  };
  get("theme").addEventListener("click", () => { root.dataset.theme = theme() === "dark" ? "light" : "dark"; labelTheme(); });
  labelTheme();

  const WINDOWS = [["Soft tissue", 40, 400], ["Liver", 90, 180], ["Lung", -600, 1500], ["Bone", 400, 1600], ["Wide", 100, 2200]];
  const VIEWS = [["Three planes and 3D", 3], ["Axial", 0], ["Coronal", 1], ["Sagittal", 2], ["3D", 4]];
  const STATUSES = {
    TP: { text: "matched", colour: "#33bbee" },
    FN: { text: "missed (false negative)", colour: "#ee3377" },
    FP: { text: "false positive", colour: "#ffdd00" },
  };
  const SIDES = { reference: "reference", prediction: "predicted" };
  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const places = [...Object.keys(STATUSES), ...shown.classes.map((each) => each.id)];
  const colours = [...Object.values(STATUSES).map((each) => rgb(each.colour)), ...shown.classes.map((each) => rgb(each.colour))];
  const classes = new Map(shown.classes.map((each) => [each.id, each]));
  const fill = (select, texts) => select.replaceChildren(...texts.map(([value, text]) => new Option(text, value)));

  fill(get("method"), shown.methods.map((method, place) => [place, method.title]));
  fill(get("window"), WINDOWS.map(([name], place) => [place, name]));
  fill(get("view"), VIEWS.map(([name, type]) => [type, name]));
  get("window").disabled = !shown.ct;
  get("about").textContent =
    (shown.ct ? "" : shown.ctFault ? `The CT cannot be shown: ${shown.ctFault}. ` : "The CT was not at hand. ")
    + `Drawn with voxels of ${shown.spacing_mm.map((mm) => mm.toFixed(1)).join(" × ")} mm. The reference is filled, a prediction is drawn by its edge. Positions are LPS, as in lesions.csv.`;

  // A link says the method and the lesion type that it comes from: `#method=NAME&type=KEY`.
  const asks = new URLSearchParams(location.hash.slice(1));
  let method = shown.methods[0], rows = [], chosen = null, of = {};
  let nv, reference, predicted;

  // Status and class of a lesion by its number, which is all that a voxel knows.
  const known = new Map();
  function statusOf(side, number) {
    const list = side === "reference" ? "found" : "matched";
    if (!known.has(method)) known.set(method, { found: new Set(method.found), matched: new Set(method.matched) });
    if (known.get(method)[list].has(number)) return "TP";
    return side === "reference" ? "FN" : "FP";
  }
  const sideData = async (packedSide) => (packedSide.unpacked ??= await volumes.side(shown, packedSide));

  // Without `nv.updateGLVolume`, which draws anew.
  function paintSides() {
    const byStatus = get("colours").value === "status";
    for (const [side, image] of [["reference", reference], ["prediction", predicted]]) {
      const placeOf = (number) => places.indexOf(byStatus ? statusOf(side, number) : of[side].classOf[number]) + 1;
      volumes.paint(image, of[side], placeOf, side === "prediction");
    }
    drawLegend(byStatus);
  }

  function repaint() {
    paintSides();
    nv.updateGLVolume();
  }

  function drawLegend(byStatus) {
    const present = new Set([...shown.reference.classes, ...method.classes].map(([id]) => id));
    const entries = byStatus
      ? Object.entries(STATUSES).map(([key, each]) => [`${key}: ${each.text}`, each.colour])
      : shown.classes.filter((each) => present.has(each.id)).map((each) => [each.name, each.colour]);
    get("legend").replaceChildren(...entries.map(([text, colour]) => {
      const entry = document.createElement("li"), mark = document.createElement("span");
      mark.className = "mark";
      mark.style.background = colour;
      entry.append(mark, text);
      return entry;
    }));
  }

  function listLesions() {
    const type = get("type").value, onlyErrors = get("errors").checked;
    rows = method.rows
      .map(([side, number, id, own, volume, diameter, iou, match, status, x, y, z]) => ({ side, number, id, own, volume, diameter, iou, match, status, mm: [x, y, z] }))
      .filter((row) => (type === "" || String(row.id) === type) && (!onlyErrors || row.status !== "TP"));
    const body = get("lesions").tBodies[0];
    body.replaceChildren(...rows.map((row, place) => {
      const line = document.createElement("tr");
      line.dataset.status = row.status;
      const cell = (text, name) => {
        const made = line.insertCell();
        made.textContent = text;
        if (name) made.className = name;
        return made;
      };
      const first = cell("", "lesion"), button = document.createElement("button"), mark = document.createElement("span");
      mark.className = "mark";
      mark.style.background = classes.get(row.id).colour;
      button.type = "button";
      button.append(mark, `${classes.get(row.id).name} ${row.own}`);
      button.addEventListener("click", (event) => { event.stopPropagation(); choose(place); });
      first.append(button);
      cell(SIDES[row.side], "side");
      cell((row.volume / 1000).toFixed(row.volume < 1000 ? 3 : 1), "number volume");
      cell(row.diameter.toFixed(1), "number diameter");
      // Rounded down, so that what has no match is never said to have an IoU of 0.50.
      cell((Math.floor(Math.round(row.iou * 1e4) / 100) / 100).toFixed(2), "number iou");
      const badge = document.createElement("span");
      badge.className = `badge ${row.status}`;
      badge.textContent = row.status;
      badge.title = STATUSES[row.status].text;
      const counted = cell("", "counted");
      counted.append(badge);
      if (row.match) {
        const other = document.createElement("span");
        other.className = "with";
        other.textContent = `with ${row.match}`;
        counted.append(other);
      }
      line.addEventListener("click", () => choose(place));
      return line;
    }));
    get("none").hidden = rows.length > 0;
    get("lesions").hidden = rows.length === 0;
    get("left-out").hidden = method.leftOut === 0;
    get("left-out").textContent = `${method.leftOut.toLocaleString("en")} smaller lesions are drawn and counted, and not listed.`;
    get("counts").textContent = `${countsText(type)}${method.missing ? " (no prediction: it counts as empty)" : ""}`;
    chosen = null;
  }

  // Of a lesion type with its DSC, or of all types together.
  function countsText(type) {
    const of = Object.entries(method.counts).filter(([id]) => type === "" || id === type).map(([, counts]) => counts);
    const [tp, fp, fn] = [0, 1, 2].map((at) => of.reduce((sum, counts) => sum + counts[at], 0).toLocaleString("en"));
    const dsc = type === "" ? "" : `, DSC ${of[0][3] === null ? "undefined" : of[0][3].toFixed(2)}`;
    return `${type === "" ? "All types" : classes.get(Number(type)).name}: ${tp} TP, ${fp} FP, ${fn} FN${dsc}`;
  }

  const ras = ([x, y, z]) => [-x, -y, z];

  function choose(place) {
    const row = rows[place];
    if (!row) return;
    chosen = place;
    for (const [index, line] of [...get("lesions").tBodies[0].rows].entries()) {
      line.classList.toggle("chosen", index === place);
      if (index === place) {
        line.querySelector("button").setAttribute("aria-current", "true");
        const box = line.closest(".box"), seen = line.offsetTop - box.scrollTop;
        if (seen < 40 || seen + line.offsetHeight > box.clientHeight) box.scrollTop = line.offsetTop - box.clientHeight / 2;
      } else line.querySelector("button").removeAttribute("aria-current");
    }
    goTo(row.mm);
  }

  function goTo(mm) {
    // Where nothing can be drawn the list is there all the same.
    if (!nv?.volumes?.length) return;
    nv.scene.crosshairPos = nv.mm2frac(ras(mm), 0, true);
    nv.drawScene();
    nv.createOnLocationChange();
  }

  // For programs that drive the page: what the viewer draws, and the LPS mm of its crosshair.
  globalThis.shownVolumes = () => nv.volumes;
  globalThis.crosshairMm = () => ras([...nv.frac2mm(nv.scene.crosshairPos, 0, true)].slice(0, 3));

  function sayPlace() {
    const mm = crosshairMm(), [x, y, z] = ras(mm), m = shown.toVoxels, at = [];
    for (let row = 0; row < 3; row += 1) {
      const voxel = Math.round(m[4 * row] * x + m[4 * row + 1] * y + m[4 * row + 2] * z + m[4 * row + 3]);
      at.push(Math.min(Math.max(voxel, 0), shown.shape[row] - 1));
    }
    const index = at[0] + shown.shape[0] * (at[1] + shown.shape[1] * at[2]);
    const said = [`${mm.map((value) => value.toFixed(1)).join(", ")} mm`];
    if (shown.ct) said.push(`${nv.volumes[0].img[index]} HU`);
    for (const side of Object.keys(SIDES)) {
      const number = of[side]?.numbers[index];
      if (number) said.push(`${SIDES[side]}: ${classes.get(of[side].classOf[number]).name}, ${statusOf(side, number)}`);
    }
    get("place").textContent = said.join(" · ");
  }

  function setWindow(place) {
    const [, centre, width] = WINDOWS[place];
    get("window").value = place;
    if (!shown.ct) return;
    nv.volumes[0].cal_min = centre - width / 2;
    nv.volumes[0].cal_max = centre + width / 2;
    nv.updateGLVolume();
  }

  function setView(type) {
    get("view").value = type;
    nv.setSliceType(Number(type));
  }

  function setLayers() {
    reference.opacity = get("reference").checked ? 0.65 : 0;
    predicted.opacity = get("predicted").checked ? 0.95 : 0;
    nv.updateGLVolume();
  }

  function listMethod(place) {
    get("method").value = place;
    method = shown.methods[place];
    const ids = [...new Set(method.rows.map((row) => row[2]))].sort((one, other) => one - other);
    const kept = get("type").value;
    fill(get("type"), [["", "all types"], ...ids.map((id) => [id, classes.get(id).name])]);
    if (ids.map(String).includes(kept)) get("type").value = kept;
    listLesions();
  }

  async function takeMethod(place) {
    listMethod(place);
    of = { reference: await sideData(shown.reference), prediction: await sideData(method) };
    paintSides();
  }

  async function setMethod(place) {
    await takeMethod(place);
    nv.updateGLVolume();
    sayPlace();
  }

  const cycle = (select, act) => {
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    return act(select.value);
  };
  const step = (by) => choose(chosen === null ? (by > 0 ? 0 : rows.length - 1) : (chosen + by + rows.length) % rows.length);
  function nextError() {
    const from = chosen ?? -1;
    for (let by = 1; by <= rows.length; by += 1) {
      const place = (from + by + rows.length) % rows.length;
      if (rows[place].status !== "TP") return choose(place);
    }
  }
  const toggle = (box) => { box.checked = !box.checked; setLayers(); };
  const ACTIONS = {
    n: () => step(1), p: () => step(-1), e: nextError, m: () => cycle(get("method"), setMethod),
    v: () => cycle(get("view"), setView), c: () => cycle(get("colours"), repaint),
    r: () => toggle(get("reference")), d: () => toggle(get("predicted")),
    ...Object.fromEntries(WINDOWS.map((_, place) => [String(place + 1), () => setWindow(place)])),
  };
  const MOVES = {
    ArrowLeft: [1, 0, 0], ArrowRight: [-1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, -1, 0], PageUp: [0, 0, 1], PageDown: [0, 0, -1],
  };
  // Before NiiVue, which has keys of its own.
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox") return;
    const move = event.target === get("canvas") && MOVES[event.key], act = ACTIONS[event.key.toLowerCase()];
    if (event.target === get("canvas") && event.key !== "Tab") event.stopPropagation();
    if (!move && !act) return;
    event.preventDefault();
    if (move) { nv.moveCrosshairInVox(...move); nv.createOnLocationChange(); } else act();
  }, true);

  get("type").addEventListener("change", listLesions);
  get("errors").addEventListener("change", listLesions);
  const linkedMethod = Math.max(shown.methods.findIndex((each) => each.title === asks.get("method")), 0);
  try {
    nv = new niivue.Niivue({
      backColor: [0, 0, 0, 1], crosshairColor: [1, 1, 1, 0.7], crosshairGap: 12, crosshairWidth: 0.8, crosshairWidthUnit: "mm", dragAndDropEnabled: false, logLevel: "error",
      isRadiologicalConvention: true, sagittalNoseLeft: true, show3Dcrosshair: true, multiplanarShowRender: 1,
      multiplanarLayout: 2, multiplanarEqualSize: true, isColorbar: false, loadingText: "", sliceType: 0,
    });
    nv.onLocationChange = sayPlace;
    await nv.attachToCanvas(get("canvas"));
    const background = await volumes.background(shown);
    reference = await volumes.overlay(shown, "reference.nii", 0.65, colours);
    predicted = await volumes.overlay(shown, "predicted.nii", 0.95, colours);
    await takeMethod(linkedMethod);
    for (const image of [background, reference, predicted]) nv.addVolume(image);
  } catch (error) {
    get("fault").hidden = false;
    get("fault").textContent = `The volumes cannot be drawn here (${error.message ?? error}); it takes a browser with WebGL 2.`;
    get("method").addEventListener("change", (event) => listMethod(event.target.value));
    listMethod(linkedMethod);
    return;
  }
  get("method").addEventListener("change", (event) => setMethod(event.target.value));
  get("window").addEventListener("change", (event) => setWindow(event.target.value));
  get("view").addEventListener("change", (event) => setView(event.target.value));
  get("colours").addEventListener("change", repaint);
  get("reference").addEventListener("change", setLayers);
  get("predicted").addEventListener("change", setLayers);
  const linked = shown.classes.find((each) => each.key === asks.get("type"));
  if (linked && [...get("type").options].some((option) => option.value === String(linked.id))) {
    get("type").value = linked.id;
    listLesions();
  }
  setView(matchMedia("(max-width: 40rem)").matches ? 0 : 3);
  if (rows.some((row) => row.status !== "TP")) nextError();
  else if (rows.length) choose(0);
  else sayPlace();
  root.dataset.ready = "true";
});
