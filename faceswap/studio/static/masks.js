"use strict";
// The page of masks: painted over a frame by pointer or keys, held from that frame on.

const painting = byId("masks");
const RED = "rgb(226, 48, 56)";
const UNDO_STEPS = 20;

class Painting {
  constructor() {
    this.base = `/faces/${painting.dataset.name}/masks`;
    this.source = painting.dataset.source;
    this.canvas = byId("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.cursor = [this.canvas.width / 2, this.canvas.height / 2];
    this.frames = [];
    this.steps = [];
    this.load();
  }

  get frame() { return Number(byId("frame").value); }
  get size() { return Number(byId("size").value); }

  url(path) { return `${this.base}${path}?source=${this.source}&frame=${this.frame}`; }

  async load() {
    byId("shown").src = `/faces/${painting.dataset.name}/frame.jpg?source=${this.source}&frame=${this.frame}`;
    this.steps = [];
    const answer = await fetch(this.url("/at.png"));
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (answer.status === 200) {
      const picture = await createImageBitmap(await answer.blob());
      this.context.drawImage(picture, 0, 0);
      const data = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
      for (let at = 0; at < data.data.length; at += 4) {
        const kept = 255 - data.data[at];
        data.data.set([226, 48, 56, kept], at);
      }
      this.context.putImageData(data, 0, 0);
    }
    this.mark(await (await fetch(this.url("/frames"))).json());
    painting.dataset.loaded = this.frame;
  }

  mark(told) {
    this.frames = told.frames;
    const last = Math.max(1, Number(byId("frame").max));
    byId("painted").replaceChildren(...this.frames.map((frame) => {
      const mark = Object.assign(document.createElement("button"), { type: "button", className: "mark" });
      mark.setAttribute("aria-label", `mask from frame ${frame}`);
      if (frame === this.frame) mark.setAttribute("aria-current", "true");
      mark.style.left = `${(100 * frame) / last}%`;
      mark.addEventListener("click", () => this.goTo(frame));
      return mark;
    }));
    const held = this.frames.filter((frame) => frame <= this.frame).pop() ?? this.frames[0];
    byId("where").textContent = held === undefined ? "nothing is painted yet" : held === this.frame ? "this mask begins here" : `the mask of frame ${held} holds here`;
    byId("remove").disabled = !this.frames.includes(this.frame);
  }

  begin() {
    this.steps.push(this.context.getImageData(0, 0, this.canvas.width, this.canvas.height));
    if (this.steps.length > UNDO_STEPS) this.steps.shift();
  }

  line(from, to) {
    const keeps = document.querySelector("input[name=brush]:checked").value === "keep";
    this.context.globalCompositeOperation = keeps ? "source-over" : "destination-out";
    Object.assign(this.context, { strokeStyle: RED, lineWidth: this.size, lineCap: "round" });
    this.context.beginPath();
    this.context.moveTo(...from);
    this.context.lineTo(to[0] + 0.01, to[1]);
    this.context.stroke();
    this.context.globalCompositeOperation = "source-over";
  }

  all(keeps) {
    this.begin();
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (keeps) { this.context.fillStyle = RED; this.context.fillRect(0, 0, this.canvas.width, this.canvas.height); }
  }

  undo() { const step = this.steps.pop(); if (step) this.context.putImageData(step, 0, 0); }

  async save() {
    const gray = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    const context = gray.getContext("2d");
    const data = this.context.getImageData(0, 0, gray.width, gray.height);
    for (let at = 0; at < data.data.length; at += 4) {
      const free = 255 - data.data[at + 3];
      data.data.set([free, free, free, 255], at);
    }
    context.putImageData(data, 0, 0);
    await this.send("", await gray.convertToBlob({ type: "image/png" }));
  }

  async send(path, body) {
    const answer = await fetch(this.url(path), { method: "POST", body, headers: { "HX-Request": "true", "X-CSRF": document.body.dataset.csrf } }).catch(() => null);
    if (answer?.ok) { byId("message").replaceChildren(); this.mark(await answer.json()); return; }
    tell(answer ? new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent.trim() : "the studio does not answer");
  }

  async remove() { await this.send("/remove", ""); await this.load(); }

  goTo(frame) {
    byId("frame").value = frame;
    byId("frame").dispatchEvent(new Event("input", { bubbles: true }));
  }

  showBrush() {
    const scale = this.canvas.clientWidth / this.canvas.width, mark = byId("brush-mark");
    mark.style.width = mark.style.height = `${this.size * scale}px`;
    mark.style.left = `${this.cursor[0] * scale}px`;
    mark.style.top = `${this.cursor[1] * scale}px`;
  }

  move(dx, dy) {
    this.cursor = [this.cursor[0] + dx, this.cursor[1] + dy];
    this.showBrush();
  }
}

function prepareBrush(one) {
  const place = (event) => {
    const box = one.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * one.canvas.width) / box.width, ((event.clientY - box.top) * one.canvas.height) / box.height];
  };
  let last = null;
  one.canvas.addEventListener("pointerdown", (event) => {
    one.canvas.setPointerCapture(event.pointerId);
    one.begin();
    last = place(event);
    one.line(last, last);
  });
  one.canvas.addEventListener("pointermove", (event) => {
    one.cursor = place(event);
    one.showBrush();
    if (!last) return;
    one.line(last, one.cursor);
    last = one.cursor;
  });
  one.canvas.addEventListener("pointerup", () => { last = null; });
}

function onKey(one, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, button")) return;
  const isOnPicture = event.target === byId("surface"), step = event.shiftKey ? one.size : one.size / 4;
  const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  const next = { "[": one.frames.filter((frame) => frame < one.frame).pop(), "]": one.frames.find((frame) => frame > one.frame) }[event.key];
  if (isOnPicture && move) { const from = one.cursor; one.move(...move); if (one.isDown) one.line(from, one.cursor); }
  else if (isOnPicture && event.key === " ") { if (!event.repeat) { one.begin(); one.isDown = true; one.line(one.cursor, one.cursor); } }
  else if (event.key === "+" || event.key === "-") { byId("size").value = one.size * (event.key === "+" ? 1.2 : 1 / 1.2); byId("size").dispatchEvent(new Event("input", { bubbles: true })); }
  else if (event.key === "x") document.querySelector("input[name=brush]:not(:checked)").checked = true;
  else if (event.key === "s") one.save();
  else if (event.key === "u") one.undo();
  else if (event.key === "," || event.key === ".") one.goTo(one.frame + (event.key === "." ? 1 : -1));
  else if (next !== undefined) one.goTo(next);
  else return;
  event.preventDefault();
}

if (painting) {
  const one = new Painting();
  prepareBrush(one);
  document.addEventListener("keydown", (event) => onKey(one, event));
  document.addEventListener("keyup", (event) => { if (event.key === " ") one.isDown = false; });
  let timer = 0;
  byId("frame").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => one.load(), 80); });
  byId("size").addEventListener("input", () => one.showBrush());
  byId("surface").addEventListener("focus", () => one.showBrush());
  const does = { save: () => one.save(), undo: () => one.undo(), clear: () => one.all(false), fill: () => one.all(true), remove: () => one.remove() };
  for (const [id, action] of Object.entries(does)) byId(id).addEventListener("click", action);
}
