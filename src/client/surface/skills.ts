/** Global skills, as operators manage and workers fetch them, and files of a conversation. */
import * as media from "../../contract/media.js";
import * as contract from "../../contract/skills.js";
import { row } from "./row.js";

export const skillsSurface = {
  // A skill is code that runs on every worker: not an ordinary write.
  globalSkillsDeploy: row("deployGlobalSkill", {
    kind: "mutation",
    access: "admin",
    args: contract.deployGlobalSkill.args,
  }),
  globalSkillsList: row("listGlobalSkills", {
    kind: "query",
    access: "read",
    args: contract.listGlobalSkills.args,
  }),
  globalSkillsSetStatus: row("setGlobalSkillStatus", {
    kind: "mutation",
    access: "admin",
    args: contract.setGlobalSkillStatus.args,
  }),
  globalSkillsDelete: row("deleteGlobalSkill", {
    kind: "mutation",
    access: "admin",
    args: contract.deleteGlobalSkill.args,
  }),
  workerGlobalSkillsManifest: row("getWorkerGlobalSkillsManifest", {
    kind: "query",
    access: "worker",
    args: contract.getWorkerGlobalSkillsManifest.args,
    scope: ({ workerId, workspaceId }) => ({ workerId, workspace: workspaceId }),
  }),
  workerGlobalSkillsIndex: row("getWorkerGlobalSkillsIndex", {
    kind: "query",
    access: "worker",
    args: contract.getWorkerGlobalSkillsIndex.args,
    scope: ({ workerId, workspaceId }) => ({ workerId, workspace: workspaceId }),
  }),
  workerGlobalSkillFiles: row("getGlobalSkillFiles", {
    kind: "query",
    access: "worker",
    args: contract.getGlobalSkillFiles.args,
    scope: ({ workerId, workspaceId }) => ({ workerId, workspace: workspaceId }),
  }),
  workerGenerateMediaUploadUrl: row("generateMediaUploadUrl", {
    kind: "mutation",
    access: "worker",
    args: media.generateMediaUploadUrl.args,
  }),
  workerGetStorageFileUrl: row("getStorageFileUrl", {
    kind: "query",
    access: "worker",
    args: media.getStorageFileUrl.args,
  }),
};
