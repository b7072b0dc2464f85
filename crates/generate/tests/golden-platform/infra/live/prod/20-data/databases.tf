locals {
  # Parameters that every database has.
  common_parameters = {
    # As at the source: a statement of two seconds is logged.
    log_min_duration_statement = { value = "2000" }

    # As at the source: a statement that waits for a lock for a second is logged.
    log_lock_waits = { value = "1" }

    # Changes flow back to the source by logical decoding, once this side is written to.
    "rds.logical_replication" = { value = "1", apply_method = "pending-reboot" }

    # No connection without TLS, as at the source.
    "rds.force_ssl" = { value = "1" }

    # Statements are counted, so that the slow ones can be found.
    shared_preload_libraries = { value = "pg_stat_statements", apply_method = "pending-reboot" }

    # What a function runs is counted too.
    "pg_stat_statements.track" = { value = "all" }
  }

  databases = {
    # Replaces cluster heroku-postgresql-cubed-54318 (pg 16.4): it has standby nodes, so a standby
    # waits in another zone.
    # Source: heroku-postgresql-cubed-54318.
    # Version: 16.4 at the source: the same major version, so that changes can flow back during the
    # move.
    # Class: The nearest memory to the plan premium-4 (30); right-size from measured use later.
    # Holds: d91b1134f-5f26.
    # Settings of the source that are no parameter here:
    # - extensions = not told: the platform's API does not list them: `reberth replicate plan` reads
    # them on both sides and stops at what the target does not offer
    # - max_connections = 62/500: RDS reckons it from the memory of the class; pool connections
    # before a class with less memory is chosen
    # - rollback = earliest from 2026-11-15 00:00 UTC: point-in-time recovery of RDS, over the days
    # that backups are kept
    courseware-production-db = {
      environment               = "prod"
      engine                    = "postgres"
      engine_version            = "16"
      instance_class            = "db.r6g.xlarge"
      allocated_storage_gib     = 253
      max_allocated_storage_gib = 506
      multi_az                  = true
      backup_retention_days     = 14
      backup_window             = null
      parameter_family          = "postgres16"
      security_group            = "db-courseware-production-db"
      parameters                = {}
      replicas                  = {}
    }

    # Replaces cluster heroku-postgresql-curly-26057 (pg 16.4): one node there, so no standby here.
    # Source: heroku-postgresql-curly-26057.
    # Version: 16.4 at the source: the same major version, so that changes can flow back during the
    # move.
    # Class: The nearest memory to the plan standard-2 (8); right-size from measured use later.
    # Holds: d05ac67ac-b882.
    # Settings of the source that are no parameter here:
    # - extensions = not told: the platform's API does not list them: `reberth replicate plan` reads
    # them on both sides and stops at what the target does not offer
    # - max_connections = 59/500: RDS reckons it from the memory of the class; pool connections
    # before a class with less memory is chosen
    # - rollback = earliest from 2026-11-15 00:00 UTC: point-in-time recovery of RDS, over the days
    # that backups are kept
    courseware-production-rep-96fed7 = {
      environment               = "prod"
      engine                    = "postgres"
      engine_version            = "16"
      instance_class            = "db.m6g.large"
      allocated_storage_gib     = 24
      max_allocated_storage_gib = 48
      multi_az                  = false
      backup_retention_days     = 14
      backup_window             = null
      parameter_family          = "postgres16"
      security_group            = "db-courseware-production-rep-96fed7"
      parameters                = {}
      replicas                  = {}
    }

    # Replaces cluster heroku-postgresql-slippery-36214 (pg 16.4): one node there, so no standby
    # here.
    # Source: heroku-postgresql-slippery-36214.
    # Version: 16.4 at the source: the same major version, so that changes can flow back during the
    # move.
    # Class: The nearest memory to the plan standard-0 (4); right-size from measured use later.
    # Holds: d5e84cb26-edc8.
    # Settings of the source that are no parameter here:
    # - extensions = not told: the platform's API does not list them: `reberth replicate plan` reads
    # them on both sides and stops at what the target does not offer
    # - max_connections = 49/500: RDS reckons it from the memory of the class; pool connections
    # before a class with less memory is chosen
    # - rollback = earliest from 2026-11-15 00:00 UTC: point-in-time recovery of RDS, over the days
    # that backups are kept
    courseware-staging-db = {
      environment               = "staging"
      engine                    = "postgres"
      engine_version            = "16"
      instance_class            = "db.t4g.medium"
      allocated_storage_gib     = 49
      max_allocated_storage_gib = 98
      multi_az                  = false
      backup_retention_days     = 7
      backup_window             = null
      parameter_family          = "postgres16"
      security_group            = "db-courseware-staging-db"
      parameters                = {}
      replicas                  = {}
    }
  }
}
