locals {
  # Parameters that every database has.
  common_parameters = {
    # Changes flow back to the source, and replicas read, by row images.
    binlog_format = { value = "ROW" }

    # Logs are exported from files.
    log_output = { value = "FILE" }

    # No connection without TLS.
    require_secure_transport = { value = "1" }

    # Routines and triggers of the source load without the SUPER privilege.
    log_bin_trust_function_creators = { value = "1" }

    # The slow log is exported to CloudWatch.
    slow_query_log = { value = "1" }

    # The way back finds each row by its full image.
    binlog_row_image = { value = "FULL" }
  }

  databases = {
    # Replaces cluster school-core (mysql 8.0.35): it has standby nodes, so a standby waits in
    # another zone.
    # Source: db-core, replica-1.
    # Version: 8.0.35 at the source: the same major version as the source, so that changes can flow
    # back during the move; its extended support is billed, so upgrade to 8.4 once the way back is
    # closed.
    # Class: The same memory as db-s-4vcpu-8gb (8 GiB); right-size from measured use later.
    # Holds: core.
    # Settings of the source that are no parameter here:
    # - never_heard_of = x: not known to this build; decide by hand
    school-core = {
      environment               = "prod"
      engine                    = "mysql"
      engine_version            = "8.0"
      instance_class            = "db.m6g.large"
      allocated_storage_gib     = 115
      max_allocated_storage_gib = 230
      multi_az                  = true
      backup_retention_days     = 14
      backup_window             = "03:30-04:00"
      parameter_family          = "mysql8.0"
      security_group            = "db-school-core"
      parameters = {
        # +05:30 at the source; RDS takes zone names only, and this zone has that offset all year.
        time_zone = { value = "Asia/Calcutta" }

        # Copied from the source.
        innodb_rollback_on_timeout = { value = "1", apply_method = "pending-reboot" }
        sql_mode                   = { value = "ANSI,STRICT_ALL_TABLES" }
        sql_require_primary_key    = { value = "1" }
        wait_timeout               = { value = "3600" }
      }
      replicas = {
        # Replaces the read-only node school-core-ro.
        # Source: replica-1.
        ro = {
          instance_class = "db.t4g.medium"
        }
      }
    }

    # Replaces cluster school-staging (mysql 8.0.35): one node there, so no standby here.
    # Source: db-staging.
    # Version: 8.0.35 at the source: the same major version as the source, so that changes can flow
    # back during the move; its extended support is billed, so upgrade to 8.4 once the way back is
    # closed.
    # Class: The same memory as db-s-1vcpu-1gb (1 GiB); right-size from measured use later.
    school-staging = {
      environment               = "staging"
      engine                    = "mysql"
      engine_version            = "8.0"
      instance_class            = "db.t4g.micro"
      allocated_storage_gib     = 20
      max_allocated_storage_gib = 40
      multi_az                  = false
      backup_retention_days     = 7
      backup_window             = null
      parameter_family          = "mysql8.0"
      security_group            = "db-school-staging"
      parameters                = {}
      replicas                  = {}
    }
  }
}
