#include "check_owamp.h"

int main(int argc, char **argv)
{
  return check_run(argc, argv, stdout);
}
