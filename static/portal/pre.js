// Loaded before the first paint: tells the style sheets that scripts run, so that what only a script
// can open is closed only when a script is there to open it.
document.documentElement.classList.add("mc-js");
