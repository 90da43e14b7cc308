"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const last = data.frames.length - 1;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const rows = document.querySelectorAll("tbody tr");
  const parts = data.runs.map((run, i) => ({
    run,
    path: document.querySelector(`.scene-p${i}`),
    head: document.querySelector(`.scene-m${i}`),
    cells: [...rows[i].querySelectorAll("td")].slice(1),
    row: rows[i],
  }));
  const dots = data.frames.map((_, i) => document.querySelectorAll(`.scene-k${i}`));
  const layers = data.frames.map((_, i) => document.querySelectorAll(`.scene-f${i}`));
  let now = 0; // the frame, with a part of the way to the next
  let shown = -1;
  let playing = false;
  let before = 0;

  function draw(frame) {
    now = Math.min(Math.max(frame, 0), last);
    const i = Math.floor(now);
    const part = now - i;
    const next = Math.min(i + 1, last);
    for (const { run, path, head } of parts) {
      if (!run.places.length) continue;
      const mix = (a, b) => a + (b - a) * part;
      const whole = run.lengths[last] + 1;
      path.style.strokeDashoffset = `${now >= last ? 0 : whole - mix(run.lengths[i], run.lengths[next])}px`;
      const [x, y] = [0, 1].map((k) => mix(run.places[i][k], run.places[next][k]));
      head.style.transform = `translate(${x}px,${y}px)`;
    }
    if (i === shown) return;
    shown = i;
    for (const { run, cells, row } of parts) {
      cells.forEach((cell, k) => { cell.textContent = run.cells[i][k]; });
      row.classList.toggle("ended", data.frames[i] > run.ends);
    }
    dots.forEach((some, k) => some.forEach((dot) => { dot.style.opacity = k <= i ? 1 : 0; }));
    layers.forEach((some, k) => some.forEach((layer) => { layer.style.opacity = k === i ? 1 : 0; }));
    const t = `${data.clock} = ${data.frames[i]}`;
    find("t").textContent = t;
    find("slider").value = i;
    find("slider").setAttribute("aria-valuetext", `${t} of ${data.frames[last]}`);
    if (!playing) tell();
  }

  function tell() {
    const heads = [...document.querySelectorAll("thead th")].slice(2).map((h) => h.textContent);
    const said = parts.map(({ run }) =>
      `${run.name}: ${heads.map((h, k) => `${h} = ${run.cells[shown][k]}`).join(", ")}`);
    find("told").textContent = `${data.clock} = ${data.frames[shown]}. ${said.join("; ")}`;
  }

  function tick(time) {
    if (!playing) return;
    const on = ((time - before) / data.pace) * Number(find("speed").value);
    if (calm.matches) { // step by step, nothing glides
      if (on >= 1) { before = time; draw(Math.floor(now) + 1); }
    } else {
      before = time;
      draw(now + on);
    }
    if (now >= last) play(false);
    else requestAnimationFrame(tick);
  }

  function play(on) {
    playing = on;
    if (on && now >= last) draw(0);
    find("play").textContent = on ? "❚❚ Pause" : "▶ Play";
    find("play").setAttribute("aria-label", on ? "Pause" : "Play");
    if (on) {
      before = performance.now();
      requestAnimationFrame(tick);
    } else tell();
  }

  function go(frame) {
    if (playing) play(false);
    draw(Math.min(Math.max(frame, 0), last));
  }

  const forward = () => go(Math.floor(now) + 1);
  const back = () => go(Math.ceil(now) - 1);
  find("first").onclick = () => go(0);
  find("back").onclick = back;
  find("play").onclick = () => play(!playing);
  find("next").onclick = forward;
  find("final").onclick = () => go(last);
  find("slider").oninput = (event) => go(Number(event.target.value));
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const there = event.target.tagName;
    if (there === "SELECT" || (there === "BUTTON" && event.key === " ")) return;
    if (event.target.id === "slider" && event.key !== " ") return;
    const does = {
      " ": () => play(!playing), ArrowRight: forward, ArrowLeft: back,
      Home: () => go(0), End: () => go(last),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });

  document.querySelector(".player").hidden = false;
  const asked = /^#t=(\d+)$/.exec(location.hash);
  if (asked) {
    const wanted = data.frames.findIndex((t) => t >= Number(asked[1]));
    go(wanted < 0 ? last : wanted);
  } else {
    draw(0);
    if (!calm.matches && last > 0) play(true);
    else tell();
  }
})();
