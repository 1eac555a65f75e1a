'use strict';
// One task's status with the official client, as a script would ask for it. The endpoint and key are the
// emulator's. usage: SDK_MODULES=... node one_status.js PORT ID
const http = require('http');
const path = require('path');

const { CommonClient } = require(path.join(process.env.SDK_MODULES, 'tencentcloud-sdk-nodejs-common'));

const [port, id] = process.argv.slice(2);
const lookup = (host, options, done) => (options.all ?
	done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));
const client = new CommonClient('tione.tencentcloudapi.com', '2021-11-11', {
	credential: { secretId: process.env.TENCENTCLOUD_SECRET_ID, secretKey: process.env.TENCENTCLOUD_SECRET_KEY },
	region: 'ap-guangzhou',
	profile: { httpProfile: {
		protocol: 'http://',
		endpoint: `tione.tencentcloudapi.com:${port}`,
		agent: new http.Agent({ lookup }),
	} },
});
client.request('DescribeTrainingTask', { Id: id }).then(
	(answer) => console.log(answer.TrainingTaskDetail.Status),
	(error) => { console.error(error.message); process.exitCode = 1; });
