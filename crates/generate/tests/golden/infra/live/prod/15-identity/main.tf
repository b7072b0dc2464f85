module "permission_sets" {
  source = "../../../modules/permission-sets"

  permission_sets = {
    Auditor = {
      description      = "Reads every setting and no data"
      managed_policies = ["SecurityAudit", "job-function/ViewOnlyAccess"]
      session_duration = "PT8H"
      group            = "aws-auditors"
    }
    Billing = {
      description      = "Sees and pays the bill"
      managed_policies = ["job-function/Billing"]
      session_duration = "PT8H"
      group            = "aws-billing"
    }
    DatabaseOperator = {
      description      = "Watches databases and reads their logs"
      managed_policies = ["AmazonRDSReadOnlyAccess", "CloudWatchReadOnlyAccess"]
      session_duration = "PT4H"
      group            = "aws-database-operators"
    }
    Operator = {
      description      = "Reads everything, opens sessions on servers, replaces them"
      managed_policies = ["ReadOnlyAccess"]
      session_duration = "PT4H"
      group            = "aws-operators"
      inline_policy    = data.aws_iam_policy_document.operator.json
    }
  }
}

# Only on what belongs to this environment, by its tags.
data "aws_iam_policy_document" "operator" {
  #checkov:skip=CKV_AWS_356:Each statement is bound to a tag: the application's, or that of the person's own session
  #checkov:skip=CKV_AWS_111:Each statement is bound to a tag: the application's, or that of the person's own session
  statement {
    sid       = "OpenSessions"
    actions   = ["ssm:StartSession"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "ssm:resourceTag/Application"
      values   = [var.project]
    }
  }

  statement {
    sid = "ReplaceServers"
    actions = [
      "autoscaling:CancelInstanceRefresh",
      "autoscaling:RollbackInstanceRefresh",
      "autoscaling:StartInstanceRefresh",
      "ec2:RebootInstances",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Application"
      values   = [var.project]
    }
  }

  statement {
    sid       = "EndOwnSessions"
    actions   = ["ssm:ResumeSession", "ssm:TerminateSession"]
    resources = ["*"]

    condition {
      test     = "StringLike"
      variable = "ssm:resourceTag/aws:ssmmessages:session-id"
      values   = ["&{aws:userid}"]
    }
  }
}
