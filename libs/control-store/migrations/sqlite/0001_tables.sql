CREATE TABLE "configuration_version" (
  "instance" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "at" DATETIME NOT NULL,
  "who" TEXT NOT NULL,
  "why" TEXT NOT NULL,
  "source" TEXT NOT NULL,
  "config" TEXT NOT NULL,
  PRIMARY KEY ("instance", "version")
);

CREATE TABLE "audit_entry" (
  "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  "instance" TEXT NOT NULL,
  "at" DATETIME NOT NULL,
  "who" TEXT NOT NULL,
  "via" TEXT NOT NULL,
  "action" TEXT NOT NULL,
  "target" TEXT NOT NULL,
  "before" TEXT,
  "after" TEXT,
  "reason" TEXT NOT NULL,
  "outcome" TEXT NOT NULL,
  "problem" TEXT
);
CREATE INDEX "audit_entry_instance_at_id_idx" ON "audit_entry" ("instance", "at", "id");

CREATE TABLE "alert_record" (
  "instance" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "fingerprint" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "severity" TEXT NOT NULL,
  "labels" TEXT NOT NULL,
  "policy" TEXT,
  "summary" TEXT NOT NULL,
  "value" REAL,
  "since" DATETIME NOT NULL,
  "fired_at" DATETIME,
  "resolved_at" DATETIME,
  "escalation" INTEGER NOT NULL,
  "acknowledged_by" TEXT,
  "silenced_by" TEXT,
  "runbook" TEXT,
  "told_at" DATETIME NOT NULL,
  PRIMARY KEY ("instance", "id")
);
CREATE INDEX "alert_record_instance_since_idx" ON "alert_record" ("instance", "since");
