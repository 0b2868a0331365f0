// Shows the connection tests as they end. Without this script the same form works as a plain one.
'use strict';

const content = document.getElementById('content');

function focusOn(place) {
  const target = place.querySelector('[data-focus]') ?? place.querySelector('h1');
  if (!target) return;
  if (!target.hasAttribute('tabindex')) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

function take(title, main) {
  document.title = title;
  content.innerHTML = main;
  focusOn(content);
}

// Each line of the answer is a test that has ended, and the last one what takes the page's place.
async function follow(response, list) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    rest += value ?? '';
    const lines = rest.split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const told = JSON.parse(line);
      if (told.check !== undefined) list.insertAdjacentHTML('beforeend', told.check);
      else return take(told.title, told.main);
    }
    if (done) throw new Error('the answer broke off');
  }
}

async function send(form) {
  const response = await fetch(form.action, {
    method: 'POST',
    body: new URLSearchParams(new FormData(form)),
    headers: { accept: 'application/x-ndjson' },
    redirect: 'error',
  });
  if (response.headers.get('content-type') === 'application/x-ndjson') {
    return follow(response, document.getElementById('live'));
  }
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const main = page.getElementById('content');
  if (!main) throw new Error('the answer is no page');
  take(page.title, main.innerHTML);
}

document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (!form.matches('form[data-live]')) return;
  event.preventDefault();
  if (form.hidden) return;
  const progress = document.getElementById('progress');
  const problem = content.querySelector('.problem');
  problem?.remove();
  form.hidden = true;
  progress.hidden = false;
  progress.querySelector('h1').focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
  try {
    await send(form);
  } catch {
    // What became of it is told by the page itself: it is sent once more, and the service connects only once.
    form.submit();
  }
});

const problem = content.querySelector('[data-focus]');
if (problem) focusOn(content);
