/* The fixtures and templates, put into the program when it is assembled (from the project's top). */
	.section .rodata

	.macro fixture name, file
	.global fixture_\name
	.balign 16
fixture_\name:
	.incbin "tests/fixtures/\file"
	.byte 0
	.endm

	.macro template name
	.global template_\name
	.balign 16
template_\name:
	.incbin "tests/emulator/templates/\name\().json"
	.byte 0
	.endm

	template training
	template notebook
	template model
	template version
	template service_group
	template job
	template task
	template run
	template companions

	fixture training, "seed_tione_DescribeTrainingTask.response.json"
	fixture notebook, "seed_tione_DescribeNotebook.response.json"
	fixture versions, "seed_tione_DescribeTrainingModelVersions.response.json"
	fixture run, "seed_qianfan_v1_jobDetail.response.json"
	fixture run_sdk, "qianfan_v1_jobDetail_sdk.response.json"
	fixture run_stopped, "qianfan_v1_jobDetail_stopped_doc.response.json"
	fixture service_groups, "tione_DescribeModelServiceGroups.response.json"
	fixture accelerate, "tione_DescribeModelAccelerateVersions.response.json"
	fixture resource_groups, "tione_DescribeBillingResourceGroups.response.json"
	fixture nodes, "tione_DescribeBillingResourceGroup.response.json"
	fixture jobs, "qianfan_v2_DescribeFineTuningJobs.response.json"
	fixture task_running, "qianfan_v2_DescribeFineTuningTask_running.response.json"
	fixture task_failed, "qianfan_v2_DescribeFineTuningTask_failed.response.json"
	fixture model_set, "qianfan_v2_DescribeModelSet.response.json"
	fixture qianfan_model, "synthetic_qianfan_v2_DescribeModel.response.json"

	.section .note.GNU-stack, "", %progbits
