// Builds the page into build/, which is not committed; ../shared/pack.mjs makes dist/ from it.
import { defineConfig } from 'vite';

import { licences } from '../shared/licences.mjs';

// Typefaces that come inside the style sheets of packages, so no package.json names them.
const TYPEFACES = `\
================================================================================
Typefaces embedded in the style sheets
================================================================================

Roboto: Copyright 2011 The Roboto Project Authors. SIL Open Font License 1.1, https://openfontlicense.org
Fira Code: Copyright 2014-2020 The Fira Code Project Authors. SIL Open Font License 1.1, https://openfontlicense.org
Codicons (icons of the Monaco editor): Copyright Microsoft Corporation. Creative Commons Attribution 4.0 International,
https://creativecommons.org/licenses/by/4.0/
`;

const told = {
  // One set for the page and its workers, each of which rollup bundles on its own.
  seen: new Set(),
  head: 'What the GraphiQL page of hiregraph bundles, and under which terms.\n',
  foot: TYPEFACES,
};

// What axe calls serious in GraphiQL, put right until it is there. A file that is not what it was fails the build.
const MENDED = {
  // A tab with two buttons within hides both from screen readers: without these roles it is a list of buttons.
  '/@graphiql/react/dist/components/tabs/index.js': [
    ['"aria-selected": isActive,', '"aria-current": isActive,'],
    ['role: "tab",', ''],
    ['role: "tablist",', ''],
  ],
  // Comments and line numbers of the dark theme are too faint.
  '/@graphiql/react/dist/constants.js': [
    ['colors: getBaseColors("dark"),', 'colors: { ...getBaseColors("dark"), "editorLineNumber.foreground": "#9aa6b8" },'],
    ['foreground: "#908aff"', 'foreground: "#908aff" }, { token: "comment", foreground: "#8fbf7a"'],
  ],
};

const mended = {
  name: 'mended',
  transform(code, id) {
    const file = Object.keys(MENDED).find(ending => id.endsWith(ending));
    if (!file) return undefined;
    for (const [from, to] of MENDED[file]) {
      if (!code.includes(from)) this.error(`${file} has no ${from}`);
      code = code.replace(from, () => to);
    }
    return { code, map: null };
  },
};

export default defineConfig({
  // Relative, so that the page also works below a path prefix of a reverse proxy.
  base: './',
  esbuild: { jsx: 'automatic', legalComments: 'none' },
  build: {
    outDir: 'build',
    assetsDir: 'assets/graphiql',
    emptyOutDir: true,
    target: 'es2022',
    // The preload helper injects nothing useful here: there is one chunk worth preloading, and index.html names it.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8000,
    reportCompressedSize: false,
  },
  plugins: [mended, licences(told)],
  worker: { format: 'es', plugins: () => [licences(told)] },
});
