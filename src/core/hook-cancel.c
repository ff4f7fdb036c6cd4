/* SPDX-License-Identifier: MIT */
#include "core/hook-cancel.h"

void hook_cancel_call_off(struct hook_cancel *cancel)
{
	if (cancel->called_off)
		return;
	cancel->called_off = true;
	if (cancel->box)
		mailbox_post(cancel->box, &cancel->letter, HOOK_CANCELED);
}

void hook_cancel_listen(struct hook_cancel *cancel, struct mailbox *box)
{
	pthread_mutex_lock(cancel->lock);
	if (!box && cancel->box)
		(void)mailbox_retract(cancel->box, &cancel->letter);
	cancel->box = box;
	if (box && cancel->called_off)
		mailbox_post(box, &cancel->letter, HOOK_CANCELED);
	pthread_mutex_unlock(cancel->lock);
}
