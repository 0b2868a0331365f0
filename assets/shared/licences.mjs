// Writes LICENSES.txt: every npm package of which code or style ended up in the build, with its licence.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|notice|copying|thirdpartynotices)([.-].*)?$/i;

/**
 * A rollup plugin; `seen` gathers package roots over the page's and the workers' bundles. `head` is the file's first
 * line, `foot` what no package's manifest names.
 */
export function licences({ seen, head, foot }) {
  return {
    name: 'licences',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        for (const id of Object.keys(chunk.modules ?? {})) {
          const root = packageRoot(id.replace(/^\0/, '').replace(/\?.*$/, ''));
          if (root) seen.add(root);
        }
      }
    },
    closeBundle() {
      writeFileSync('LICENSES.txt', [head, ...text(seen), ...(foot ? [foot] : [])].join('\n'));
    },
  };
}

function packageRoot(file) {
  if (!file.includes('/node_modules/')) return undefined;
  for (let dir = dirname(file); dir.includes('/node_modules/'); dir = dirname(dir)) {
    const manifest = join(dir, 'package.json');
    // Some packages hold nested, nameless manifests that only say how to read their modules.
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version) return dir;
  }
  return undefined;
}

function text(roots) {
  const packages = [...roots]
    .map(root => ({ root, manifest: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) }))
    .sort((a, b) => a.manifest.name.localeCompare(b.manifest.name, 'en'));
  return packages.map(({ root, manifest }) => {
    const files = readdirSync(root).filter(name => LICENCE_FILE.test(name)).sort();
    const body = files.map(name => readFileSync(join(root, name), 'utf8').trim()).join('\n\n');
    const rule = '='.repeat(80);
    const author = typeof manifest.author === 'string' ? manifest.author : manifest.author?.name;
    const fallback = `The package carries no licence file.${author ? ` Author: ${author}` : ''}`;
    return `${rule}\n${manifest.name} ${manifest.version}: ${manifest.license}\n${rule}\n\n${body || fallback}\n`;
  });
}
