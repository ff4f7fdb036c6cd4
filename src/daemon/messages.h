/* SPDX-License-Identifier: MIT */
/*
 * The MESSAGE_ID of each kind of journal record. An id is never used again for something else. Each
 * has an entry in conf/greenloop.catalog, which `journalctl -x` shows beside the record; a test
 * holds the two against each other.
 */
#pragma once

#define MESSAGE_STATE          "c7b31ac49336495599c656cc35d34714"
#define MESSAGE_READY          "1d953e8ca4534ecda9f903899010bb85"
#define MESSAGE_CHANGED        "662ffeb83fcc47ec93d9097f5c694122"
#define MESSAGE_FAILURE        "93872a23880a490f938c82209cae157f"
#define MESSAGE_TRIP           "3d4345c28b4046408d8ad1a435bf40a5"
#define MESSAGE_EPISODE_OPENED "f08046c438d941ba8604ebb468fb08e4"
#define MESSAGE_EPISODE_RED    "efdfd7a5cf8e481996d9dca8a568a9ab"
#define MESSAGE_EPISODE_CLOSED "fa2bd7934f82483db1af33fb8be8b8fe"
#define MESSAGE_RESET          "f912e04d2b234f84b9d2b73f99c5806d"
#define MESSAGE_EXHAUSTED      "98344f0ce0ea430e9d38187be5f6a13f"
#define MESSAGE_HARD           "3cb31a18241149bf99c1873c3d3da8df"
#define MESSAGE_HOOK_FAILED    "cddbce3172a94e7a90ef309b38d5ad9b"
#define MESSAGE_NOTE           "505d4f1506ce415d8a4c2d05ee154126"
#define MESSAGE_TROUBLE        "be88816b72e04251b7879517a3ef7734"
#define MESSAGE_BUG            "eb56bc046ef7494da2d36af6ba68fe73"
#define MESSAGE_EXIT           "f216dcc54fbb436b8a4063dcadf0edba"
#define MESSAGE_STOPPED        "543fea03d8e649e8822deaf5028db4e6"
#define MESSAGE_STARTED        "042608247c8646048eafa77a3e9a6605"
