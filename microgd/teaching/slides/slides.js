"use strict";
(() => {
  const root = document.documentElement;
  const pages = [...document.querySelectorAll("section")];
  const last = pages.length - 1;
  let now = 0;
  root.classList.add("js");

  function show(page, write = true) {
    now = Math.max(0, Math.min(last, page));
    pages.forEach((p, i) => p.classList.toggle("now", i === now));
    document.getElementById("told").textContent = pages[now].getAttribute("aria-label");
    document.getElementById("back").disabled = now === 0;
    document.getElementById("on").disabled = now === last;
    if (write) history.replaceState(null, "", "#" + (now + 1));
  }

  function fromAddress() {
    const asked = parseInt(location.hash.slice(1), 10);
    show(Number.isFinite(asked) ? asked - 1 : 0, false);
  }

  const notes = () => {
    const on = root.classList.toggle("notes");
    document.getElementById("say").setAttribute("aria-pressed", on);
  };
  const full = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (root.requestFullscreen) root.requestFullscreen().catch(() => {});
  };
  const keys = {
    ArrowRight: () => show(now + 1), ArrowDown: () => show(now + 1), PageDown: () => show(now + 1),
    " ": () => show(now + 1), ArrowLeft: () => show(now - 1), ArrowUp: () => show(now - 1),
    PageUp: () => show(now - 1), Backspace: () => show(now - 1), Home: () => show(0),
    End: () => show(last), n: notes, f: full,
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("button") && (event.key === " " || event.key === "Enter")) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.getElementById("back").onclick = () => show(now - 1);
  document.getElementById("on").onclick = () => show(now + 1);
  document.getElementById("say").onclick = notes;
  let from = null;
  addEventListener("touchstart", (e) => { from = e.touches[0].clientX; }, { passive: true });
  addEventListener("touchend", (e) => {
    const far = from === null ? 0 : e.changedTouches[0].clientX - from;
    from = null;
    if (Math.abs(far) > 50) show(now + (far < 0 ? 1 : -1));
  });
  addEventListener("hashchange", fromAddress);
  fromAddress();
  document.body.dataset.ready = "yes";
})();
