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
  plugins: [licences(told)],
  worker: { format: 'es', plugins: () => [licences(told)] },
});
