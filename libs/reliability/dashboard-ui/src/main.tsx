import { render } from 'preact';
import { App } from './app.js';
import { connect } from './live.js';

render(<App />, document.getElementById('app')!);
connect();
