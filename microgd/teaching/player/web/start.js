"use strict";
// The program and its data are packed (microgd/pages.py); the program's hash is in the page's policy.
const unpacked = (id) => {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
};
unpacked("program").then((text) => {
  const script = document.createElement("script");
  script.textContent = text;
  document.body.append(script);
});
