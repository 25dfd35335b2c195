// Unpacks the volumes of a case and makes what NiiVue draws of them.
"use strict";
globalThis.volumes = (() => {
  const HEADER_BYTES = 352;

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

  async function unpacked(base64) {
    const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  function niftiOf(header, voxels) {
    const file = new Uint8Array(HEADER_BYTES + voxels.byteLength);
    file.set(bytesOf(header));
    file.set(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength), HEADER_BYTES);
    return file.buffer;
  }

  // The CT in HU; without one, an empty volume of the same grid, for NiiVue draws lesions only over a volume.
  async function background(shown) {
    const voxels = shown.shape[0] * shown.shape[1] * shown.shape[2];
    if (!shown.ct) return niivue.NVImage.new(niftiOf(shown.header, new Uint8Array(voxels)), "empty.nii", "gray", 1, null, 0, 1);
    const levels = new Uint8Array(await unpacked(shown.ct.data));
    const hu = Int16Array.from(levels, (level) => shown.ct.hu[level]);
    return niivue.NVImage.new(niftiOf(shown.ct.header, hu), "ct.nii", "gray", 1, null, -160, 240);
  }

  // The lesions of one side: the number of the lesion in each voxel, and which voxels lie at its edge.
  async function side(shown, packedSide) {
    const buffer = await unpacked(packedSide.data);
    const numbers = packedSide.bytes === 2 ? new Uint16Array(buffer) : new Uint32Array(buffer);
    const [x, y, z] = shown.shape;
    const filled = [];
    for (let at = 0; at < numbers.length; at += 1) if (numbers[at]) filled.push(at);
    const isEdge = filled.map((at) => {
      const i = at % x, j = Math.floor(at / x) % y, k = Math.floor(at / (x * y)), own = numbers[at];
      return i === 0 || j === 0 || k === 0 || i === x - 1 || j === y - 1 || k === z - 1
        || numbers[at - 1] !== own || numbers[at + 1] !== own || numbers[at - x] !== own || numbers[at + x] !== own
        || numbers[at - x * y] !== own || numbers[at + x * y] !== own;
    });
    const classOf = [0];
    for (const [id, count] of packedSide.classes) for (let left = count; left; left -= 1) classOf.push(id);
    return { numbers, filled, isEdge, classOf };
  }

  // A volume in which every lesion has the place of its colour in `colours`, [red, green, blue] each.
  async function overlay(shown, name, opacity, colours) {
    const voxels = shown.shape[0] * shown.shape[1] * shown.shape[2];
    const file = niftiOf(shown.header, new Uint8Array(voxels));
    const image = await niivue.NVImage.new(file, name, "gray", opacity, null, 0, colours.length);
    image.setColormapLabel({
      R: [0, ...colours.map((colour) => colour[0])],
      G: [0, ...colours.map((colour) => colour[1])],
      B: [0, ...colours.map((colour) => colour[2])],
      A: [0, ...colours.map(() => 255)],
      I: [0, ...colours.map((_, place) => place + 1)],
      labels: ["", ...colours.map(() => "")],
    });
    return image;
  }

  function paint(image, of, placeOf, onlyEdges) {
    image.img.fill(0);
    of.filled.forEach((at, index) => {
      if (!onlyEdges || of.isEdge[index]) image.img[at] = placeOf(of.numbers[at]);
    });
  }

  return { background, side, overlay, paint };
})();
