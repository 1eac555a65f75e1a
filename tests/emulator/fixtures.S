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

	.section .note.GNU-stack, "", %progbits
