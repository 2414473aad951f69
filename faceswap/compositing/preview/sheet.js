"use strict";
const byId = (id) => document.getElementById(id);
const cut = byId("cut"), frame = byId("frame"), main = document.querySelector("main");
let before = 100; // what O goes to

function showCut() {
  const share = Number(cut.value);
  document.documentElement.style.setProperty("--cut", share + "%");
  document.documentElement.style.setProperty("--edge", share > 0 && share < 100 ? 0.8 : 0);
  byId("share").textContent = share + " %";
  cut.setAttribute("aria-valuetext", share + " % as filmed");
}

function setCut(share) {
  cut.value = Math.max(0, Math.min(100, Math.round(share)));
  showCut();
}

function showFrame() {
  main.classList.toggle("alone", frame.value !== "");
  for (const figure of document.querySelectorAll("figure"))
    figure.classList.toggle("shown", figure.dataset.frame === frame.value);
}

cut.addEventListener("input", showCut);
frame.addEventListener("change", showFrame);

for (const picture of document.querySelectorAll(".picture")) {
  const draw = (event) => {
    const box = picture.getBoundingClientRect();
    setCut((event.clientX - box.left) / box.width * 100);
  };
  picture.addEventListener("pointerdown", (event) => { picture.setPointerCapture(event.pointerId); draw(event); });
  picture.addEventListener("pointermove", (event) => { if (event.buttons) draw(event); });
  picture.querySelector("img").draggable = false;
}

for (const button of document.querySelectorAll(".copy"))
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch { // a page of a file may have no clipboard: the line is selected, to be copied by hand
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
  });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLSelectElement) return;
  const key = event.key.toLowerCase();
  if ((key === "arrowleft" || key === "arrowright") && event.target !== cut && !event.target.classList.contains("frames"))
    setCut(Number(cut.value) + (key === "arrowright" ? 2 : -2));
  else if (key === "o") {
    const now = Number(cut.value);
    setCut(now === 100 ? (before === 100 ? 0 : before) : 100);
    before = now;
  } else if (key === "n") {
    frame.selectedIndex = (frame.selectedIndex + 1) % frame.options.length;
    showFrame();
  } else if (/^[1-9]$/.test(key) && byId("v" + key)) {
    byId("v" + key).scrollIntoView();
    byId("v" + key).focus({preventScroll: true});
  } else return;
  event.preventDefault();
});
