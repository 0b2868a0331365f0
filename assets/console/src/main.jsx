import { render } from 'preact';
import './style/base.css';
import './style/parts.css';
import './style/pages.css';

import { App } from './App.jsx';

render(<App />, document.getElementById('root'));
