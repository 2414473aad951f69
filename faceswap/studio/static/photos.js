"use strict";
// The page of photos: pictures are drawn by the server as sliders move, one at a time, the last asked for always.

function prepareDrawing(form) {
  const image = form.querySelector(".drawn"), told = form.querySelector("[role=status]");
  let isDrawing = false, isWaiting = false, timer = 0;

  async function draw() {
    if (isDrawing) { isWaiting = true; return; }
    const said = new URLSearchParams(new FormData(form));
    if (!(said.get("photo") || (said.get("a") && said.get("b")))) return;
    isDrawing = true;
    image.classList.add("busy");
    told.textContent = form.dataset.drawn ? "" : "getting to know the face: the first picture takes a while";
    const asked = `${form.dataset.draws}?${said}`, begun = performance.now();
    try {
      const answer = await fetch(asked, { headers: { "HX-Request": "true" } });
      if (answer.ok) {
        const url = URL.createObjectURL(await answer.blob());
        image.onload = () => URL.revokeObjectURL(url);
        image.src = url;
        form.dataset.drawn = asked;
        told.textContent = `drawn in ${((performance.now() - begun) / 1000).toFixed(2)} s`;
        byId("message").replaceChildren();
      } else {
        told.textContent = "";
        tell(new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent.trim());
      }
    } catch { tell("the studio does not answer"); }
    image.classList.remove("busy");
    isDrawing = false;
    if (isWaiting) { isWaiting = false; draw(); }
  }

  const later = () => { clearTimeout(timer); timer = setTimeout(draw, 120); };
  form.addEventListener("input", later);
  form.addEventListener("reset", () => setTimeout(() => {
    form.querySelectorAll("[data-shows]").forEach((slider) => { byId(slider.dataset.shows).value = slider.value; });
    draw();
  }));
  // Asked for when it comes into view: nobody waits for what nobody looks at.
  new IntersectionObserver((seen, watch) => { if (seen.some((one) => one.isIntersecting)) { watch.disconnect(); draw(); } }).observe(form);
}

document.querySelectorAll("[data-draws]").forEach(prepareDrawing);
