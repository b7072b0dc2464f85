locals {
  secrets = {
    # Replaces the application courseware-pdf-renderer.
    # Source: ea97815a-2143-4eeb-a06e-82ff8e7c48da.
    "lms/prod/courseware-pdf-renderer/settings" = "Settings of courseware-pdf-renderer, with the releases"
    "lms/prod/courseware-pdf-renderer/bound"    = "Addresses of the databases and caches of courseware-pdf-renderer"

    # Replaces the application courseware-production.
    # Source: aef13ee6-a716-4835-b119-13cc405ddcf3.
    "lms/prod/courseware-production/settings" = "Settings of courseware-production, with the releases"
    "lms/prod/courseware-production/bound"    = "Addresses of the databases and caches of courseware-production"

    # Replaces the application courseware-staging.
    # Source: e5b14e0e-d89e-4c45-b21f-b527f42df08f.
    "lms/staging/courseware-staging/settings" = "Settings of courseware-staging, with the releases"
    "lms/staging/courseware-staging/bound"    = "Addresses of the databases and caches of courseware-staging"
  }
}

module "application_secrets" {
  source = "../../../modules/application-secrets"

  secrets     = local.secrets
  kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns["data"]
}
