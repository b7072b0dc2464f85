locals {
  # Where the servers of each service mount the files of `20-data`.
  shared_files = {
    school-web = {
      uploads = "/mnt/uploads"
    }
  }

  data_disks = {}
}
