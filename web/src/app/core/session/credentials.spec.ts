import { TestBed } from '@angular/core/testing';

import { HubApi, HubError } from '../api/hub-api';
import { Stream } from '../stream/stream';
import { Credentials } from './credentials';
import { Session } from './session';

describe('Credentials', () => {
  const asked: Headers[] = [];
  let known = '';
  const reopened = vi.fn();

  beforeEach(() => {
    sessionStorage.clear();
    asked.length = 0;
    reopened.mockClear();
    vi.stubGlobal('fetch', (_: URL, request: RequestInit) => {
      const headers = new Headers(request.headers);
      asked.push(headers);
      const fits = headers.get('Authorization') === `Bearer ${known}`;
      const body = fits
        ? { role: 'viewer', tokens: true }
        : { error: 'token: expected a known bearer token, was none' };
      return Promise.resolve(new Response(JSON.stringify(body), { status: fits ? 200 : 401 }));
    });
    TestBed.configureTestingModule({ providers: [{ provide: Stream, useValue: { reopen: reopened } }] });
  });

  afterEach(() => {
    TestBed.resetTestingModule();
    vi.unstubAllGlobals();
    sessionStorage.clear();
  });

  it('are wanted once the hub says 401, and nothing is asked in vain after that', async () => {
    known = 'k1';
    const [credentials, api] = [TestBed.inject(Credentials), TestBed.inject(HubApi)];
    await expect(api.get('about')).rejects.toMatchObject({ status: 401 });
    expect(credentials.wanted()).toBe(true);
    await expect(api.get('about')).rejects.toBeInstanceOf(HubError);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.has('Authorization')).toBe(false);
  });

  it('are kept for this tab when the hub knows them, and open the socket anew', async () => {
    known = 'k2';
    const [credentials, session] = [TestBed.inject(Credentials), TestBed.inject(Session)];
    await vi.waitFor(() => expect(credentials.wanted()).toBe(true));
    await expect(session.signIn('another')).rejects.toMatchObject({ status: 401 });
    expect(credentials.wanted()).toBe(true);
    expect(sessionStorage.getItem('token')).toBeNull();
    await session.signIn('k2');
    expect(credentials.wanted()).toBe(false);
    expect(session.role()).toBe('viewer');
    expect(sessionStorage.getItem('token')).toBe('k2');
    expect(localStorage.getItem('token')).toBeNull();
    expect(reopened).toHaveBeenCalledOnce();
    await TestBed.inject(HubApi).get('about');
    expect(asked.at(-1)!.get('Authorization')).toBe('Bearer k2');
  });

  it('come back with a reload of the tab', () => {
    sessionStorage.setItem('token', 'k3');
    expect(TestBed.inject(Credentials).token()).toBe('k3');
  });
});
