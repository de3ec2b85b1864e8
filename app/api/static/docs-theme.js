// The colors that were chosen for the other pages, or the system's. Before the page is painted.
const chosen = /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1];
const system = window.matchMedia("(prefers-color-scheme: dark)");
const paint = () => {
  const dark = chosen ? chosen === "dark" : system.matches;
  document.documentElement.classList.toggle("dark-mode", dark); // Swagger UI's own name
};
paint();
system.addEventListener("change", paint);
