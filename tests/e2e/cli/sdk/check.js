'use strict';
// The official clients against the running emulator: accepted with the right key, refused with
// a wrong one. Ports come from the emulator's ready file. usage: node check.js READY CA-FILE
const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');

const modules = process.env.SDK_MODULES;
const { CommonClient } = require(path.join(modules, 'tencentcloud-sdk-nodejs-common'));
const { consoleAction } = require(path.join(modules, '@baiducloud/qianfan'));

const port = Object.fromEntries(fs.readFileSync(process.argv[2], 'utf8').trim().split('\n')
	.map((line) => line.split('=')));
const ca = fs.readFileSync(process.argv[3]);
const SECRET_ID = 'AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001';
const SECRET_KEY = 'ExampleSecretKey0123456789abcdef';
const ACCESS_KEY = 'ALTAKexampleexampleexampl';
const ACCESS_SECRET = 'exampleSecretAccessKey0123456789';
const V1 = '/wenxinworkshop/finetune/jobDetail';
const V2 = '/v2/finetuning';
const TASK = 'train-1329791605108055040';
let passed = 0;
let failed = 0;

// The clouds' own names, on loopback.
const lookup = (host, options, done) => (options.all ?
	done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));
const agents = { http: new http.Agent({ lookup }), https: new https.Agent({ lookup, ca }) };

function tencent({ id = SECRET_ID, key = SECRET_KEY, token, scheme = 'http' } = {}) {
	return new CommonClient('tione.tencentcloudapi.com', '2021-11-11', {
		credential: { secretId: id, secretKey: key, token },
		region: 'ap-guangzhou',
		profile: { httpProfile: {
			protocol: `${scheme}://`,
			endpoint: `tione.tencentcloudapi.com:${scheme === 'https' ? port.tls :
				port.http}`,
			agent: agents[scheme],
		} },
	});
}

function baidu(route, action, data, { ak = ACCESS_KEY, sk = ACCESS_SECRET } = {}) {
	process.env.QIANFAN_ACCESS_KEY = ak;
	process.env.QIANFAN_SECRET_KEY = sk;
	process.env.QIANFAN_CONSOLE_API_BASE_URL = `http://127.0.0.1:${port.http}`;
	return consoleAction({ base_api_route: route, action, data });
}

async function control(verb, body) {
	const answer = await fetch(`http://127.0.0.1:${port.control}/${verb}`,
		body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
	if (!answer.ok)
		throw new Error(`${verb}: ${answer.status}`);
	return answer.json();
}

function expect(condition, what) {
	if (!condition)
		throw new Error(what);
}

async function check(name, run) {
	try {
		await run();
		passed++;
		console.log(`ok   ${name}`);
	} catch (error) {
		failed++;
		console.log(`FAIL ${name}: ${error.message}`);
	}
}

async function refused(promise, code) {
	try {
		await promise;
	} catch (error) {
		const text = `${error.code} ${error.message}`;
		expect(text.includes(code), `refused with ${text}, not ${code}`);
		return;
	}
	throw new Error(`accepted, not ${code}`);
}

async function lastVerdict() {
	const log = await control('log');
	return log[log.length - 1];
}

async function tencentChecks() {
	await check('tione: list', async () => {
		const answer = await tencent().request('DescribeTrainingTasks',
			{ Limit: 50, Offset: 0, OrderField: 'CreateTime', Order: 'ASC' });
		expect(answer.TotalCount === 4, 'four tasks');
		expect((await lastVerdict()).signed_ok, 'signed_ok in the log');
	});
	await check('tione: detail equals the seed', async () => {
		const seed = JSON.parse(fs.readFileSync('tests/fixtures/' +
			'seed_tione_DescribeTrainingTask.response.json', 'utf8')).Response;
		const answer = await tencent().request('DescribeTrainingTask', { Id: TASK });
		expect(JSON.stringify(answer.TrainingTaskDetail) ===
			JSON.stringify(seed.TrainingTaskDetail), 'same members in the same order');
	});
	await check('tione: over TLS', async () => {
		const answer = await tencent({ scheme: 'https' })
			.request('DescribeTrainingModelVersions',
				{ TrainingModelId: 'm-608587242317024640' });
		expect(answer.TrainingModelVersions.length === 1, 'one version');
	});
	await check('tione: text that is not ASCII in the body', async () => {
		const answer = await tencent().request('DescribeNotebooks',
			{ Filters: [{ Name: 'Name', Values: ['笔记本 "1"'], Fuzzy: true }] });
		expect(answer.TotalCount === 0, 'nothing found');
	});
	await check('tione: an error of the API', () => refused(
		tencent().request('DescribeTrainingTask', { Id: 'train-1' }), 'ResourceNotFound'));
	await check('tione: a wrong key', () => refused(tencent({ key: `${SECRET_KEY}x` })
		.request('DescribeTrainingTasks', {}), 'AuthFailure.SignatureFailure'));
	await check('tione: an unknown key', () => refused(tencent({ id: `${SECRET_ID}x` })
		.request('DescribeTrainingTasks', {}), 'AuthFailure.SecretIdNotFound'));
	await check('tione: a wrong token, then the right one', async () => {
		await control('rotate', { token: 'the-token' });
		await refused(tencent({ token: 'another' }).request('DescribeTrainingTasks', {}),
			'AuthFailure.TokenFailure');
		await tencent({ token: 'the-token' }).request('DescribeTrainingTasks', {});
		await control('rotate', { token: null });
	});
	for (const offset of [600, -600])
		await check(`tione: a clock ${offset} s off`, async () => {
			await control('clock', { offset });
			await refused(tencent().request('DescribeTrainingTasks', {}),
				'AuthFailure.SignatureExpire');
			await control('clock', { offset: 0 });
		});
}

async function baiduChecks() {
	await check('qianfan: V2 list', async () => {
		const answer = await baidu(V2, 'DescribeFineTuningJobs', { maxKeys: 3 });
		expect(answer.result.jobList.length === 3 && answer.result.pageInfo.isTruncated &&
			answer.result.pageInfo.nextMarker, 'three jobs and more to come');
		expect((await lastVerdict()).signed_ok, 'signed_ok in the log');
	});
	await check('qianfan: V2 task', async () => {
		const answer = await baidu(V2, 'DescribeFineTuningTask',
			{ taskId: 'task-ours0000001' });
		expect(answer.result.runStatus === 'Running', 'running');
	});
	await check('qianfan: V1 run equals the seed', async () => {
		const seed = JSON.parse(fs.readFileSync('tests/fixtures/' +
			'seed_qianfan_v1_jobDetail.response.json', 'utf8'));
		const answer = await baidu(V1, '',
			{ taskId: 1, jobId: 1 });
		expect(JSON.stringify(answer.result) === JSON.stringify(seed.result),
			'same members');
	});
	await check('qianfan: V1 error', () => refused(baidu(V1, '',
		{ taskId: '1', jobId: '1' }), '500001'));
	await check('qianfan: V2 error', async () => {
		await refused(baidu(V2, 'DescribeFineTuningTask', { taskId: 'task-x' }), '');
		expect((await lastVerdict()).status === 404, 'HTTP 404');
	});
	await check('qianfan: a wrong key', async () => {
		await refused(baidu(V2, 'DescribeFineTuningJobs', {},
			{ sk: `${ACCESS_SECRET}x` }), '');
		expect((await lastVerdict()).verdict === 'IamSignatureInvalid', 'the verdict');
	});
	for (const offset of [2400, -2400])
		await check(`qianfan: a clock ${offset} s off`, async () => {
			await control('clock', { offset });
			await refused(baidu(V2, 'DescribeFineTuningJobs', {}), '');
			expect((await lastVerdict()).verdict === 'RequestExpired', 'the verdict');
			await control('clock', { offset: 0 });
		});
}

(async () => {
	await tencentChecks();
	await baiduChecks();
	console.log(`sdk contract: ${passed} passed, ${failed} failed`);
	process.exit(failed ? 1 : 0);
})();
