"use strict";
// The page of convert: the picture before and after, scrubbing, and keyframes along the film.

const form = byId("convert");
const frameInput = form && byId("frame");

// Settings that may change along the film: their keyframes, and what the hidden field says of them.
class Keyed {
  constructor(slider) {
    this.slider = slider;
    this.name = slider.dataset.keyed;
    this.field = form.querySelector(`input[type=hidden][name="${this.name}"]`);
    this.words = form.querySelectorAll(`input[name="${this.name}:word"]`);
    this.button = form.querySelector(`[data-keys="${this.name}"]`);
    this.rail = Object.assign(document.createElement("div"), { className: "rail" });
    this.rail.setAttribute("role", "group");
    this.rail.setAttribute("aria-label", `keyframes of ${this.name}`);
    byId("rails").append(this.rail);
    this.keys = new Map();
    slider.addEventListener("input", () => { lastTouched = slider; if (this.keys.size) this.keys.set(frameNow(), Number(slider.value)); this.tell(); });
    this.button.addEventListener("click", () => this.toggle());
    this.show();
  }

  toggle() {
    if (!this.keys.delete(frameNow())) this.keys.set(frameNow(), Number(this.slider.value));
    this.tell();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  sorted() { return [...this.keys].sort((a, b) => a[0] - b[0]); }

  at(frame) {
    const keys = this.sorted();
    const after = keys.findIndex(([at]) => at >= frame);
    if (after <= 0) return keys[after < 0 ? keys.length - 1 : 0][1];
    const [[left, low], [right, high]] = [keys[after - 1], keys[after]];
    return low + ((high - low) * (frame - left)) / (right - left);
  }

  tell() {
    const said = this.sorted().map(([at, value]) => `${at}: ${value}`).join(", ");
    this.field.value = this.keys.size ? `{${said}}` : this.slider.value;
    this.words.forEach((word) => { word.checked = false; });  // a number takes the word's place
    this.show();
  }

  show() {
    if (this.keys.size) this.slider.value = this.at(frameNow());
    byId(this.slider.dataset.shows).value = Number(Number(this.slider.value).toFixed(2));
    this.button.setAttribute("aria-pressed", String(this.keys.has(frameNow())));
    this.rail.replaceChildren(...this.sorted().map(([at, value]) => {
      const mark = Object.assign(document.createElement("button"), { type: "button", className: "mark" });
      mark.setAttribute("aria-label", `${this.name} ${value} at frame ${at}`);
      if (at === frameNow()) mark.setAttribute("aria-current", "true");
      mark.style.left = `${(100 * at) / Math.max(1, Number(frameInput.max))}%`;
      mark.addEventListener("click", () => goTo(at));
      return mark;
    }));
  }
}

let lastTouched = null;
const frameNow = () => Number(frameInput.value);

function goTo(frame) {
  frameInput.value = Math.max(0, Math.min(Number(frameInput.max), frame));
  frameInput.dispatchEvent(new Event("input", { bubbles: true }));
}

// One picture is asked for at a time; while it is drawn, what is asked last waits.
function prepareStage() {
  const ab = byId("ab");
  let keyed = [...form.querySelectorAll("[data-keyed]")].map((slider) => new Keyed(slider));
  let shown = "", isDrawing = false, isWaiting = false, timer = 0;

  async function draw() {
    if (isDrawing) { isWaiting = true; return; }
    isDrawing = true;
    ab.classList.add("busy");
    const said = new URLSearchParams(new FormData(form));
    const asked = `/convert/frame.jpg?${said}`;
    const begun = performance.now();
    try {
      const answer = await fetch(asked, { headers: { "HX-Request": "true" } });
      if (answer.ok) {
        byId("message").replaceChildren();
        const place = new URLSearchParams({ side: "a", film: said.get("film"), frame: said.get("frame") }).toString();
        if (place !== shown) await show(byId("before"), `/convert/frame.jpg?${place}`);
        shown = place;
        const url = URL.createObjectURL(await answer.blob());
        await show(byId("after"), url);
        URL.revokeObjectURL(url);
        ab.dataset.drawn = asked;
        byId("took").textContent = `drawn in ${((performance.now() - begun) / 1000).toFixed(2)} s`;
      } else {
        tell(new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent.trim());
      }
    } catch { tell("the studio does not answer"); }
    ab.classList.remove("busy");
    isDrawing = false;
    if (isWaiting) { isWaiting = false; draw(); }
  }

  form.addEventListener("input", (event) => {
    if (event.target.id === "split") { ab.style.setProperty("--split", `${event.target.value}%`); return; }
    if (event.target === frameInput) keyed.forEach((one) => one.show());
    clearTimeout(timer);
    timer = setTimeout(draw, 80);
  });
  form.addEventListener("change", (event) => {
    if (event.target.id !== "film") return;
    const said = new FormData(form);
    location.search = new URLSearchParams({ run: said.get("run"), map: said.get("map"), film: event.target.value });
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "sliders") return;
    keyed.filter((one) => !one.slider.isConnected).forEach((one) => one.rail.remove());
    const kept = keyed.filter((one) => one.slider.isConnected), known = kept.map((one) => one.slider);
    keyed = [...kept, ...[...event.target.querySelectorAll("[data-keyed]")].filter((slider) => !known.includes(slider)).map((slider) => new Keyed(slider))];
    draw();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not(#frame):not(#split), select, textarea");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && event.target.id !== "split" && (event.shiftKey || event.target !== frameInput)) goTo(frameNow() + step * (event.shiftKey ? 10 : 1));
    else if (event.key === "k") chosen(keyed).toggle();
    else if (event.key === "[" || event.key === "]") jump(keyed, event.key === "]");
    else return;
    event.preventDefault();
  });
  draw();
}

// The setting that was last touched, or the first.
function chosen(keyed) {
  return keyed.find((one) => one.slider === lastTouched) || keyed[0];
}

function jump(keyed, isForward) {
  const frames = keyed.flatMap((one) => [...one.keys.keys()]).sort((a, b) => a - b);
  const next = isForward ? frames.find((at) => at > frameNow()) : frames.reverse().find((at) => at < frameNow());
  if (next !== undefined) goTo(next);
}

function show(image, url) {
  return new Promise((done, fail) => {
    image.onload = done;
    image.onerror = fail;
    image.src = url;
  });
}

if (form) prepareStage();
